#include "whiteboard.hpp"

#include "guest.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace naru {

template <>
struct JsonCodec<app::Whiteboard::Member> {
  static void write(JsonWriter& out, const app::Whiteboard::Member& member) {
    out.begin_object();
    out.key("seat");
    out.unsigned_integer(member.seat);
    out.key("author");
    out.unsigned_integer(member.author);
    out.key("name");
    out.string(member.name);
    out.end_object();
  }
};

template <>
struct JsonCodec<app::Whiteboard::Welcome> {
  static void write(JsonWriter& out, const app::Whiteboard::Welcome& welcome) {
    out.begin_object();
    out.key("me");
    json_write(out, welcome.me);
    out.key("board");
    out.string(welcome.board);
    out.key("members");
    json_write(out, welcome.members);
    out.key("epoch");
    out.unsigned_integer(welcome.epoch);
    out.key("offset");
    out.unsigned_integer(welcome.offset);
    out.key("floor");
    out.unsigned_integer(welcome.floor);
    out.key("orders");
    out.binary(welcome.orders);
    out.key("strokes");
    out.binary(welcome.strokes);
    out.end_object();
  }
};

namespace app {
namespace {

constexpr std::size_t kKeyCharacters = 64;
constexpr std::size_t kAuthors = 1'000;  // of one board; then the one that came first loses its own

// What a socket is at its board.
struct Drawer {
  std::string board;
  std::string key;
  std::uint32_t since = 0;  // the last offset it has seen, of `epoch`
  std::uint32_t epoch = 0;
  Whiteboard::Member me;
};
Drawer& drawer(Socket& socket) {
  return *std::any_cast<Drawer>(&socket.data());
}

std::uint32_t number_of(const Json& value) {
  const auto* number = value.as<std::int64_t>();
  return number != nullptr && std::in_range<std::uint32_t>(*number)
             ? static_cast<std::uint32_t>(*number)
             : 0;
}

// Runs before a socket is connected: {name, board, key, epoch, offset}.
std::optional<Refusal> let_in(Socket& socket) {
  const auto auth = json_cast<Json>(socket.auth());
  if (!auth) return Refusal{.message = "name required"};
  Drawer arriving;
  arriving.me.name = trimmed((*auth)["name"]);
  arriving.board = trimmed((*auth)["board"]);
  arriving.key = trimmed((*auth)["key"]);
  arriving.epoch = number_of((*auth)["epoch"]);
  arriving.since = number_of((*auth)["offset"]);
  if (!is_name(arriving.me.name)) return Refusal{.message = "name required"};
  if (!is_name(arriving.board)) return Refusal{.message = "board required"};
  if (arriving.key.empty() || arriving.key.size() > kKeyCharacters) {
    return Refusal{.message = "key required"};
  }
  socket.data() = std::move(arriving);
  return std::nullopt;
}

}  // namespace

Whiteboard::Whiteboard(Namespace& nsp, const WhiteboardLimits& limits)
    : nsp_(nsp),
      limits_(limits),
      // Another than any that a client may remember from before a restart.
      next_epoch_(
          static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(
                                         std::chrono::system_clock::now().time_since_epoch())
                                         .count())) {
  nsp.use(let_in);
  nsp.on_connect([this](Socket& socket) { enter(socket); });
  nsp.on_disconnecting([this](Socket& socket, std::string_view) { leave(socket); });
  nsp.on("draw", [this](Socket& socket, const Bytes& part) { on_draw(socket, part); });
  nsp.on("undo", [this](Socket& socket, std::uint32_t number) { on_undo(socket, number); });
  nsp.on("clear", [this](Socket& socket) { on_clear(socket); });
  // Without a place: it has left the board.
  nsp.on("cursor",
         [](Socket& socket, std::optional<std::uint16_t> x, std::optional<std::uint16_t> y) {
           const Drawer& from = drawer(socket);
           socket.to(from.board).droppable().emit("cursor", from.me.seat, x, y);
         });
  nsp.on("rtt", [](Socket&, const Ack& ack) { ack(); });
}

// Joins before it reads the board: a change in between comes twice, never not at all.
void Whiteboard::enter(Socket& socket) {
  Drawer& arriving = drawer(socket);
  socket.join(arriving.board);
  Welcome welcome;
  {
    const std::lock_guard lock(mutex_);
    Sheet* sheet = sheet_for(arriving.board);
    if (sheet == nullptr) {
      socket.disconnect();
      return;
    }
    arriving.me.author = author_of(*sheet, arriving.key);
    arriving.me.seat = sheet->next++;
    sheet->members.push_back(arriving.me);
    const Board& board = sheet->board;
    const bool knows = arriving.epoch == sheet->epoch && arriving.since <= board.offset();
    welcome = {.me = arriving.me,
               .board = arriving.board,
               .members = sheet->members,
               .epoch = sheet->epoch,
               .offset = board.offset(),
               .floor = board.floor(),
               .orders = board.orders(),
               .strokes = board.changed_since(knows ? arriving.since : 0)};
  }
  socket.emit("welcome", welcome);
  socket.to(arriving.board).emit("joined", arriving.me);
}

// A board that nobody is at and nothing is on is forgotten at once.
void Whiteboard::leave(Socket& socket) {
  const Drawer& leaving = drawer(socket);
  {
    const std::lock_guard lock(mutex_);
    const auto found = sheets_.find(leaving.board);
    if (found == sheets_.end()) return;
    Sheet& sheet = found->second;
    std::erase_if(sheet.members, [&](const Member& each) { return each.seat == leaving.me.seat; });
    if (sheet.members.empty() && sheet.board.empty()) sheets_.erase(found);
  }
  socket.to(leaving.board).emit("left", leaving.me.seat);
}

Whiteboard::Sheet* Whiteboard::sheet_for(const std::string& name) {
  const auto found = sheets_.find(name);
  if (found != sheets_.end()) return &found->second;
  if (sheets_.size() >= limits_.boards) {
    const auto idle = std::find_if(sheets_.begin(), sheets_.end(),
                                   [](const auto& each) { return each.second.members.empty(); });
    if (idle == sheets_.end()) return nullptr;
    sheets_.erase(idle);
  }
  return &sheets_.try_emplace(name, limits_.board, next_epoch_++).first->second;
}

std::uint32_t Whiteboard::author_of(Sheet& sheet, const std::string& key) const {
  const auto known = std::find_if(sheet.authors.begin(), sheet.authors.end(),
                                  [&](const Author& each) { return each.key == key; });
  if (known != sheet.authors.end()) return known->number;
  if (sheet.authors.size() >= kAuthors) sheet.authors.erase(sheet.authors.begin());
  sheet.authors.push_back({key, sheet.next++});
  return sheet.authors.back().number;
}

// To its author too: that is how a part is confirmed. The part goes on as it came, behind
// u32 offset, floor, order, author.
void Whiteboard::on_draw(Socket& socket, BytesView part) {
  const Drawer& from = drawer(socket);
  Bytes out;
  {
    const std::lock_guard lock(mutex_);
    const auto found = sheets_.find(from.board);
    if (found == sheets_.end()) return;
    const auto change = found->second.board.draw(from.me.author, part);
    if (!change || !*change) return;
    out.reserve(16 + part.size());
    append_u32(out, (*change)->offset);
    append_u32(out, (*change)->floor);
    append_u32(out, (*change)->order);
    append_u32(out, from.me.author);
  }
  out.insert(out.end(), part.begin(), part.end());
  nsp_.to(from.board).emit("drawn", out);
}

void Whiteboard::on_undo(Socket& socket, std::uint32_t number) {
  const Drawer& from = drawer(socket);
  std::optional<Board::Change> change;
  {
    const std::lock_guard lock(mutex_);
    const auto found = sheets_.find(from.board);
    if (found == sheets_.end()) return;
    change = found->second.board.undo(from.me.author, number);
  }
  if (change) {
    nsp_.to(from.board).emit("undone", change->offset, change->floor, change->order);
  }
}

void Whiteboard::on_clear(Socket& socket) {
  const Drawer& from = drawer(socket);
  Board::Change change;
  {
    const std::lock_guard lock(mutex_);
    const auto found = sheets_.find(from.board);
    if (found == sheets_.end()) return;
    change = found->second.board.clear();
  }
  nsp_.to(from.board).emit("cleared", change.offset, change.floor, from.me.name);
}

}  // namespace app
}  // namespace naru
