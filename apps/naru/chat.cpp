#include "chat.hpp"

#include "guest.hpp"

#include <algorithm>
#include <chrono>

namespace naru {

template <>
struct JsonCodec<app::Chat::Member> {
  static void write(JsonWriter& out, const app::Chat::Member& member) {
    out.begin_object();
    out.key("id");
    out.string(member.id);
    out.key("name");
    out.string(member.name);
    out.end_object();
  }
};

template <>
struct JsonCodec<app::Chat::ChatMessage> {
  static void write(JsonWriter& out, const app::Chat::ChatMessage& message) {
    out.begin_object();
    out.key("id");
    out.string(message.id);
    out.key("from");
    json_write(out, message.from);
    out.key("at");
    out.integer(message.at);
    if (message.image) {
      out.key("image");
      out.begin_object();
      out.key("type");
      out.string(message.image->type);
      out.key("name");
      out.string(message.image->name);
      out.key("data");
      out.binary(message.image->data);
      out.end_object();
    } else {
      out.key("text");
      out.string(message.text);
    }
    out.end_object();
  }
};

template <>
struct JsonCodec<app::Chat::Welcome> {
  static void write(JsonWriter& out, const app::Chat::Welcome& welcome) {
    out.begin_object();
    out.key("id");
    out.string(welcome.id);
    out.key("name");
    out.string(welcome.name);
    out.key("room");
    out.string(welcome.room);
    out.key("members");
    json_write(out, welcome.members);
    out.key("history");
    json_write(out, welcome.history);
    out.end_object();
  }
};

namespace app {
namespace {

constexpr std::size_t kTextBytes = 16000;  // 4000 characters of up to four bytes
constexpr std::size_t kTextCharacters = 4000;
constexpr std::size_t kImageBytes = 800'000;
constexpr std::size_t kHistoryMessages = 50;
constexpr std::size_t kHistoryImageBytes = 2'000'000;
constexpr std::size_t kHistoryImages = 8;  // binary attachments that one client packet may carry
constexpr std::size_t kRooms = 500;

// What a socket is in the chat.
struct Guest {
  std::string name;
  std::string room;
};
Guest& guest(Socket& socket) {
  return *std::any_cast<Guest>(&socket.data());
}

bool is_image_type(const std::string& type) {
  return type == "image/png" || type == "image/jpeg" || type == "image/webp" || type == "image/gif";
}

Json refusal(const char* text) {
  return Json(Json::Object{{"error", Json(text)}});
}

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Runs before a socket is connected: whoever has no name or room does not come in.
std::optional<Refusal> let_in(Socket& socket) {
  const auto auth = json_cast<Json>(socket.auth());
  if (!auth) return Refusal{.message = "name required"};
  Guest arriving{.name = trimmed((*auth)["name"]), .room = trimmed((*auth)["room"])};
  if (!is_name(arriving.name)) return Refusal{.message = "name required"};
  if (!is_name(arriving.room)) return Refusal{.message = "room required"};
  socket.data() = std::move(arriving);
  return std::nullopt;
}

}  // namespace

Chat::Chat(Namespace& nsp) : nsp_(nsp) {
  nsp.use(let_in);
  nsp.on_connect([this](Socket& socket) {
    const std::string room = guest(socket).room;
    socket.emit("welcome", enter(socket, room));
  });
  nsp.on_disconnecting([this](Socket& socket, std::string_view) { leave(socket); });
  nsp.on("say", [this](Socket& socket, const std::string& text, const Ack& ack) {
    on_say(socket, text, ack);
  });
  nsp.on("image", [this](Socket& socket, const Json& about, Bytes data, const Ack& ack) {
    on_image(socket, about, std::move(data), ack);
  });
  nsp.on("got", [this](Socket& socket, const std::string& id) { on_got(socket, id); });
  nsp.on("move", [this](Socket& socket, const std::string& room, const Ack& ack) {
    on_move(socket, room, ack);
  });
  nsp.on("typing", [](Socket& socket, bool typing) {
    const Guest& from = guest(socket);
    socket.to(from.room).droppable().emit("typing", Member{socket.id(), from.name}, typing);
  });
  nsp.on("rtt", [](Socket&, const Ack& ack) { ack(); });
}

// Joins before it reads the history: a message in between comes twice, under one id, never not at
// all.
Chat::Welcome Chat::enter(Socket& socket, const std::string& room) {
  Guest& arriving = guest(socket);
  arriving.room = room;
  const Member member{socket.id(), arriving.name};
  socket.join(room);
  Welcome welcome{member.id, member.name, room, {}, {}};
  {
    const std::lock_guard lock(mutex_);
    if (!rooms_.contains(room) && rooms_.size() >= kRooms) forget_an_empty_room();
    Room& entered = rooms_[room];
    entered.members.push_back(member);
    welcome.members = entered.members;
    welcome.history.assign(entered.history.begin(), entered.history.end());
  }
  socket.to(room).emit("joined", member);
  return welcome;
}

void Chat::leave(Socket& socket) {
  const Guest leaving = guest(socket);
  {
    const std::lock_guard lock(mutex_);
    const auto found = rooms_.find(leaving.room);
    if (found == rooms_.end()) return;
    std::erase_if(found->second.members,
                  [&](const Member& member) { return member.id == socket.id(); });
  }
  socket.to(leaving.room).emit("left", Member{socket.id(), leaving.name});
  socket.leave(leaving.room);
}

void Chat::forget_an_empty_room() {
  const auto empty = std::find_if(rooms_.begin(), rooms_.end(),
                                  [](const auto& each) { return each.second.members.empty(); });
  if (empty != rooms_.end()) rooms_.erase(empty);
}

void Chat::on_say(Socket& socket, const std::string& text, const Ack& ack) {
  if (text.empty()) return ack(refusal("the message is empty"));
  if (text.size() > kTextBytes || characters(text) > kTextCharacters) {
    return ack(refusal("the message is too long"));
  }
  ChatMessage message;
  message.text = text;
  publish(socket, std::move(message), ack);
}

void Chat::on_image(Socket& socket, const Json& about, Bytes data, const Ack& ack) {
  const std::string type = trimmed(about["type"]);
  if (!is_image_type(type)) return ack(refusal("not an image that we show"));
  if (data.empty() || data.size() > kImageBytes) return ack(refusal("the image is too big"));
  std::string name = trimmed(about["name"]);
  if (name.size() > 200) name.clear();
  ChatMessage message;
  message.image = Image{type, std::move(name), std::move(data)};
  publish(socket, std::move(message), ack);
}

void Chat::publish(Socket& socket, ChatMessage message, const Ack& ack) {
  const Guest& from = guest(socket);
  message.from = {socket.id(), from.name};
  message.at = now_ms();
  {
    const std::lock_guard lock(mutex_);
    message.id = std::to_string(message.at) + "-" + std::to_string(next_message_++);
    remember(rooms_[from.room], message);
  }
  socket.to(from.room).emit("message", message);
  ack(Json(Json::Object{{"id", Json(message.id)}, {"at", Json(message.at)}}));
}

// The latest messages, and of the images among them no more than a newcomer can be sent at once.
void Chat::remember(Room& room, const ChatMessage& message) {
  const auto image_bytes = [](const ChatMessage& each) {
    return each.image ? each.image->data.size() : 0;
  };
  const auto images = [&] {
    return static_cast<std::size_t>(
        std::count_if(room.history.begin(), room.history.end(),
                      [](const ChatMessage& each) { return each.image.has_value(); }));
  };
  room.history.push_back(message);
  room.bytes += image_bytes(message);
  while (room.history.size() > kHistoryMessages || room.bytes > kHistoryImageBytes ||
         images() > kHistoryImages) {
    room.bytes -= image_bytes(room.history.front());
    room.history.pop_front();
  }
}

void Chat::on_got(Socket& socket, const std::string& message_id) {
  const Guest& reader = guest(socket);
  std::string author;
  {
    const std::lock_guard lock(mutex_);
    const auto room = rooms_.find(reader.room);
    if (room == rooms_.end()) return;
    const auto& history = room->second.history;
    const auto found = std::find_if(history.begin(), history.end(),
                                    [&](const ChatMessage& each) { return each.id == message_id; });
    if (found == history.end()) return;
    author = found->from.id;
  }
  nsp_.to(author).emit("delivered", message_id, Member{socket.id(), reader.name});
}

void Chat::on_move(Socket& socket, const std::string& room, const Ack& ack) {
  const std::string wanted = trimmed(Json(room));
  if (!is_name(wanted)) return ack(refusal("room required"));
  leave(socket);
  ack(enter(socket, wanted));
}

}  // namespace app
}  // namespace naru
