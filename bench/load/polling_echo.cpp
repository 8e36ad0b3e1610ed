#include "modes.hpp"
#include "websocket_client.hpp"

#include <charconv>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace naru::load {
namespace {

constexpr char kSeparator = '\x1e';  // between the packets of one body

struct Shared {
  std::string text;  // one message, as sent and as expected
  std::size_t inflight = 1;
  std::size_t ready = 0;
  Window* window = nullptr;
};

// The value of Content-Length in `head`; any other framing is not expected of these answers.
std::size_t content_length(std::string_view head) {
  for (const std::string_view name : {"\r\nContent-Length: ", "\r\ncontent-length: "}) {
    const std::size_t at = head.find(name);
    if (at == std::string_view::npos) continue;
    const char* begin = head.data() + at + name.size();
    std::size_t length = 0;
    if (std::from_chars(begin, head.data() + head.size(), length).ec == std::errc{}) return length;
  }
  throw std::runtime_error("an answer without Content-Length");
}

// One keep-alive HTTP connection with at most one request under way.
template <class Owner>
class HttpConnection final : public Connection {
 public:
  using Answer = void (Owner::*)(std::string_view body);

  HttpConnection(Poller& poller, Owner& owner) : Connection(poller), owner_(owner) {}

  // `answer` gets the body of the 200. Leaves at the end of the turn of this connection, or now.
  void request(std::string_view text, Answer answer) {
    answer_ = answer;
    send(text);
    flush();
  }

 private:
  void on_connected() override {}
  std::size_t on_bytes(std::span<char> bytes) override {
    const std::string_view answer(bytes.data(), bytes.size());
    const std::size_t head = answer.find("\r\n\r\n");
    if (head == std::string_view::npos) return 0;
    if (!answer.starts_with("HTTP/1.1 200 ")) {
      throw std::runtime_error("refused: " + std::string(answer));
    }
    const std::size_t body = content_length(answer.substr(0, head + 2));
    if (answer.size() - head - 4 < body) return 0;
    (owner_.*answer_)(answer.substr(head + 4, body));
    return head + 4 + body;
  }
  void on_lost() override { owner_.on_lost(); }

  Owner& owner_;
  Answer answer_ = nullptr;
};

// One Engine.IO session on two connections, as a browser has them: a GET is always pending, a POST
// carries the messages. The next POST leaves when the last one and its echoes have been answered.
class PollingSession {
 public:
  PollingSession(Poller& poller, Shared& shared)
      : poller_(poller), shared_(shared), get_(poller, *this), post_(poller, *this) {}

  void open() {
    post_.open();
    get_.open();
    get_.request(get_text("/socket.io/?EIO=4&transport=polling"), &PollingSession::on_handshake);
  }

  void start() { post_messages(); }

  void on_lost() {
    if (shared_.window == nullptr) throw std::runtime_error("connection lost while opening");
    shared_.window->add_error();
  }

 private:
  static std::string get_text(std::string_view target) {
    return "GET " + std::string(target) +
           " HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n";
  }
  std::string post_text(std::string_view body) const {
    return "POST " + target_ +
           " HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\nConnection: keep-alive\r\n"
           "Content-Type: text/plain;charset=UTF-8\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
  }

  void on_handshake(std::string_view body) {
    constexpr std::string_view kSid = R"("sid":")";
    const std::size_t begin = body.find(kSid);
    const std::size_t end = body.find('"', begin + kSid.size());
    if (!body.starts_with("0{") || begin == std::string_view::npos) {
      throw std::runtime_error("not an Engine.IO handshake: " + std::string(body));
    }
    const std::string_view sid = body.substr(begin + kSid.size(), end - begin - kSid.size());
    target_ = "/socket.io/?EIO=4&transport=polling&sid=" + std::string(sid);
    poll_ = get_text(target_);
    post_.request(post_text("40"), &PollingSession::on_joining);
  }
  void on_joining(std::string_view) { get_.request(poll_, &PollingSession::on_joined); }
  void on_joined(std::string_view body) {
    if (!body.starts_with("40{")) throw std::runtime_error("not joined: " + std::string(body));
    get_.request(poll_, &PollingSession::on_polled);
    ++shared_.ready;
  }

  void post_messages() {
    std::string body = std::exchange(pongs_, {});
    for (std::size_t i = 0; i < shared_.inflight; ++i) {
      if (!body.empty()) body += kSeparator;
      body += shared_.text;
    }
    missing_ = shared_.inflight;
    posted_ = Clock::now();
    post_pending_ = true;
    post_.request(post_text(body), &PollingSession::on_posted);
  }

  void on_posted(std::string_view body) {
    if (body != "ok") shared_.window->add_error();
    post_pending_ = false;
    if (missing_ == 0) post_messages();
  }

  void on_polled(std::string_view body) {
    while (!body.empty()) {
      const std::string_view packet = body.substr(0, body.find(kSeparator));
      on_packet(packet);
      body.remove_prefix(std::min(body.size(), packet.size() + 1));
    }
    get_.request(poll_, &PollingSession::on_polled);
    if (shared_.window != nullptr && missing_ == 0 && !post_pending_) post_messages();
  }

  void on_packet(std::string_view packet) {
    if (packet == "2") {
      pongs_ = "3";
    } else if (packet != shared_.text || missing_ == 0) {
      shared_.window->add_error();
    } else {
      --missing_;
      shared_.window->add(posted_, poller_.now());
    }
  }

  Poller& poller_;
  Shared& shared_;
  HttpConnection<PollingSession> get_;
  HttpConnection<PollingSession> post_;
  std::string target_;
  std::string poll_;
  std::string pongs_;
  std::size_t missing_ = 0;  // echoes still to come
  bool post_pending_ = false;
  Instant posted_{};
};

}  // namespace

Report run_polling_echo(const Options& options, Poller& poller) {
  Shared shared;
  shared.text = message_text(Protocol::socketio, "message", std::string(options.size, 'x'));
  shared.inflight = options.inflight;
  std::vector<std::unique_ptr<PollingSession>> sessions;
  open_all(poller, options.connections, shared.ready, [&](std::size_t) {
    sessions.push_back(std::make_unique<PollingSession>(poller, shared));
    sessions.back()->open();
  });

  Window window(options);
  shared.window = &window;
  for (const auto& session : sessions) session->start();
  while (window.running()) poller.turn();
  return window.report();
}

}  // namespace naru::load
