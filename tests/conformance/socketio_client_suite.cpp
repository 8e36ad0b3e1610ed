#include "socketio_client_suite.hpp"

#include "naru/fields.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

// What `jsonbuff` and `jsonblob` carry.
struct Parcel {
  std::string hello;
  naru::BytesView message;
  std::string goodbye;
};
NARU_FIELDS(Parcel, hello, message, goodbye)

struct Tested {
  bool test = false;
};
NARU_FIELDS(Tested, test)

// How far a socket has got with the events that come in a certain order.
struct Progress {
  bool abuff = false;
  int blobs = 0;
};

std::string iso_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[64];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.000Z", &parts);
  return text;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const auto lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
        hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

naru::Json::Object query_of(std::string_view query) {
  naru::Json::Object members;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    members.push_back({decoded(pair.substr(0, equals)), decoded(value)});
  }
  return members;
}

// Node's `socket.handshake`.
naru::Json handshake_of(const naru::Socket& socket) {
  const naru::RequestInfo& request = socket.request();
  naru::Json::Object headers;
  for (const auto& [name, value] : request.headers) headers.push_back({name, value});
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto issued = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  const naru::Result<naru::Json> auth = naru::json_cast<naru::Json>(socket.auth());
  return naru::Json::Object{
      {"headers", std::move(headers)},
      {"time", iso_now()},
      {"address", request.address},
      {"xdomain", !request.header("Origin").empty()},
      {"secure", request.secure},
      {"issued", static_cast<std::int64_t>(issued)},
      {"url", request.path + "?" + request.query},
      {"query", query_of(request.query)},
      {"auth", auth ? *auth : naru::Json()},
  };
}

void add_text(naru::Namespace& root) {
  root.on("hi", [](naru::Socket& socket) { socket.emit("hi"); });
  root.on("echo", [](naru::Socket&, naru::JsonView value, const naru::Ack& ack) { ack(value); });
  root.on("ack", [](naru::Socket& socket) {
    socket.emit_with_ack("ack", [to = socket.ref()](naru::Result<naru::Arguments> answer) {
      if (!answer || answer->size() < 2) return;
      const auto number = naru::json_cast<int>((*answer)[0]);
      const auto object = naru::json_cast<Tested>((*answer)[1]);
      if (number && *number == 5 && object && object->test) to.emit("got it");
    });
  });
  root.on("getAckDate",
          [](naru::Socket&, naru::Arguments, const naru::Ack& ack) { ack(iso_now()); });
  root.on("getDate", [](naru::Socket& socket) { socket.emit("takeDate", iso_now()); });
  root.on("getDateObj", [](naru::Socket& socket) {
    socket.emit("takeDateObj", naru::Json(naru::Json::Object{{"date", iso_now()}}));
  });
  root.on("getUtf8", [](naru::Socket& socket) {
    for (const char* text :
         {"てすと", "Я Б Г Д Ж Й", "Ä ä Ü ü ß", "utf8 — string", "utf8 — string"}) {
      socket.emit("takeUtf8", text);
    }
  });
  root.on("false", [](naru::Socket& socket) { socket.emit("false", false); });
  root.on("getHandshake", [](naru::Socket& socket) { return handshake_of(socket); });
  root.on("getId", [](naru::Socket& socket) { return socket.id(); });
}

void add_binary(naru::Namespace& root) {
  constexpr std::string_view sample = "asdfasdf";
  root.on("doge", [sample](naru::Socket& socket) { socket.emit("doge", naru::as_bytes(sample)); });
  root.on("getbin",
          [sample](naru::Socket& socket) { socket.emit("takebin", naru::as_bytes(sample)); });
  root.on("buffa", [](naru::Socket& socket, naru::BytesView) { socket.emit("buffack"); });
  root.on("blob", [](naru::Socket& socket, naru::BytesView) { socket.emit("back"); });
  const auto answer_parcel = [](const char* answer) {
    return [answer](naru::Socket& socket, const Parcel& parcel) {
      if (parcel.hello == "lol" && parcel.goodbye == "gotcha") socket.emit(answer);
    };
  };
  root.on("jsonbuff", answer_parcel("jsonbuff-ack"));
  root.on("jsonblob", answer_parcel("jsonblob-ack"));
  root.on("abuff1",
          [](naru::Socket& socket, naru::BytesView) { socket.data<Progress>().abuff = true; });
  root.on("abuff2", [](naru::Socket& socket, naru::Arguments) {
    if (socket.data<Progress>().abuff) socket.emit("abuff2-ack");
  });
  root.on("blob1",
          [](naru::Socket& socket, naru::BytesView) { socket.data<Progress>().blobs = 1; });
  root.on("blob2", [](naru::Socket& socket, const std::string& text) {
    int& blobs = socket.data<Progress>().blobs;
    if (blobs == 1 && text == "second") blobs = 2;
  });
  root.on("blob3", [](naru::Socket& socket, naru::BytesView) {
    if (socket.data<Progress>().blobs == 2) socket.emit("blob3-ack");
  });
}

void add_namespaces(naru::SocketIo& io) {
  io.of("/foo").on("getId", [](naru::Socket& socket) { return socket.id(); });
  for (const char* name : {"/timeout_socket", "/valid", "/asd"}) io.of(name);
  io.of("/abc").on_connect(
      [](naru::Socket& socket) { socket.emit("handshake", handshake_of(socket)); });
  io.of("/no").use([](naru::Socket&) {
    return std::optional(naru::Refusal{.message = "Auth failed (custom namespace)"});
  });
}

}  // namespace

void socketio_client(naru::Server& server) {
  naru::SocketIoOptions options;
  options.transport.ping_interval = 2000ms;
  options.transport.allow_eio3 = true;
  options.transport.cors.origins = {"*"};
  options.recovery.enabled = true;
  // The suite measures what a client does meanwhile.
  options.transport.allow_request = [](const naru::RequestInfo&) {
    std::this_thread::sleep_for(10ms);
    return std::optional<naru::Forbidden>();
  };
  naru::SocketIo& io = server.socketio("/socket.io/", options);
  naru::Namespace& root = io.root();
  root.use([](naru::Socket& socket) {
    for (const naru::JsonMember& each : query_of(socket.request().query)) {
      if (each.name == "fail") {
        return std::optional(naru::Refusal{.message = "Auth failed (main namespace)"});
      }
    }
    return std::optional<naru::Refusal>();
  });
  add_text(root);
  add_binary(root);
  add_namespaces(io);
}
