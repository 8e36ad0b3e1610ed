#include "doctor.hpp"

#include "base/random.hpp"
#include "client/url.hpp"
#include "config.hpp"
#include "exchange.hpp"
#include "naru/json.hpp"
#include "shown.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace naru::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kAnswerLimit = seconds(10);
constexpr Duration kFirstEventLimit = seconds(3);  // a stream begins with something at once
constexpr int kStickinessRounds = 6;
constexpr Duration kPastPing = seconds(2);

const char* const kMendUpgrade =
    "nginx:   proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;\n"
    "         proxy_set_header Connection \"upgrade\";\n"
    "HAProxy: mode http passes upgrades on; look for 'http-request del-header upgrade'";
const char* const kMendHost =
    "The server takes its own page for another's: the proxy tells it another Host.\n"
    "nginx:   proxy_set_header Host $http_host;\n"
    "HAProxy: remove 'http-request set-header host'; it passes Host on by itself";
const char* const kMendAllow =
    "Let the server allow the origin: naru serve --origin ORIGIN; socket.io: cors: { origin }.\n"
    "Neither nginx nor HAProxy should add or remove Origin and Access-Control-* (a second one is\n"
    "as bad as none)";
const char* const kMendBuffering =
    "nginx:   proxy_buffering off; proxy_cache off; gzip off;  (in that location)\n"
    "HAProxy: remove 'option http-buffer-request' and compression of text/event-stream";
const char* const kMendIdle =
    "Longer than the server's ping interval (naru: 25 s with Socket.IO, 60 s on WebSockets):\n"
    "nginx:   proxy_read_timeout 120s; proxy_send_timeout 120s;\n"
    "HAProxy: timeout tunnel 1h, timeout client 120s, timeout server 120s";
const char* const kMendSticky =
    "Requests of one session must come to one server:\n"
    "nginx:   upstream { ip_hash; ... }  or  hash $remote_addr consistent;\n"
    "HAProxy: balance source, or cookie naru insert indirect nocache with 'cookie' per server\n"
    "Or let clients use WebSocket alone: transports: [\"websocket\"]";
const char* const kMendTls =
    "nginx:   ssl_certificate FULLCHAIN.pem; (leaf first, then the intermediates)  "
    "ssl_certificate_key KEY.pem;\n"
    "HAProxy: bind :443 ssl crt FULLCHAIN_AND_KEY.pem\n"
    "Its names must hold the host of the URL; renew it before it expires. A private authority: "
    "--ca";
const char* const kMendPath =
    "Is this the server's path? nginx: location /socket.io/ { proxy_pass http://BACKEND; } without "
    "a\n"
    "path behind BACKEND. naru doctor --path names another one";

class Doctor {
 public:
  explicit Doctor(const DoctorArguments& arguments) : arguments_(arguments) {
    auto url = client::parse_url(arguments.url);
    if (!url)
      throw std::invalid_argument("'" + arguments.url + "': " + std::string(url.error().text));
    url_ = *std::move(url);
    tls_.ca_file = arguments.ca_file;
    own_origin_ = (url_.secure ? "https://" : "http://") + url_.host_field();
    origin_ = arguments.origin.empty() ? own_origin_ : arguments.origin;
  }

  int run() {
    const std::string protocol = choose_protocol();
    if (protocol == "socketio") {
      check_socketio();
    } else if (protocol == "sockjs") {
      check_sockjs();
    } else if (protocol == "sse") {
      check_stream();
    } else {
      socket_ = url_.target;
      if (check_upgrade()) check_idle(seconds(arguments_.wait));
    }
    std::printf(faults_ == 0 ? "Nothing is wrong.\n" : "%d wrong.\n", faults_);
    return faults_ == 0 ? 0 : 1;
  }

 private:
  std::string choose_protocol() const {
    if (arguments_.protocol.empty()) {
      const std::string& url = arguments_.url;
      if (url.starts_with("ws:") || url.starts_with("wss:")) return "ws";
      if ((service() + "/").find("/sockjs/") != std::string::npos) return "sockjs";
      return url_.target.find("/push/") == std::string::npos ? "socketio" : "sse";
    }
    const std::vector<std::string> known{"ws", "socketio", "sockjs", "sse"};
    if (std::find(known.begin(), known.end(), arguments_.protocol) == known.end()) {
      const std::string meant = nearest(arguments_.protocol, known);
      throw std::invalid_argument("'" + arguments_.protocol +
                                  "' is no protocol: ws, socketio, sockjs, sse" +
                                  (meant.empty() ? "" : " (did you mean " + meant + "?)"));
    }
    return arguments_.protocol;
  }

  void good(const char* what, const std::string& how) {
    std::printf("ok     %-11s %s\n", what, one_line(how).c_str());
    std::fflush(stdout);
  }
  void bad(const char* what, const std::string& how, const std::string& mend) {
    ++faults_;
    std::printf("WRONG  %-11s %s\n", what, one_line(how).c_str());
    for (std::size_t at = 0; at < mend.size();) {
      const std::size_t end = std::min(mend.find('\n', at), mend.size());
      std::printf("         %s\n", mend.substr(at, end - at).c_str());
      at = end + 1;
    }
    std::fflush(stdout);
  }

  std::unique_ptr<Exchange> ask(const std::string& method, const std::string& target,
                                const std::string& fields, const std::string& body = {}) const {
    return std::make_unique<Exchange>(url_, tls_, method + " " + target + " HTTP/1.1\r\n" + fields,
                                      body);
  }
  std::unique_ptr<Exchange> answered(const std::string& method, const std::string& target,
                                     const std::string& fields,
                                     const std::string& body = {}) const {
    auto exchange = ask(method, target, fields + "Connection: close\r\n", body);
    exchange->run(kAnswerLimit, [&] { return exchange->complete; });
    return exchange;
  }
  std::string origin_field() const { return "Origin: " + origin_ + "\r\n"; }

  static std::string status_of(const Exchange& exchange) {
    if (exchange.answer.status == 0) return exchange.ended ? "no answer" : "no answer in time";
    return "status " + std::to_string(exchange.answer.status);
  }

  // False: there is no server to look at any further.
  bool reachable(const Exchange& exchange) {
    if (!exchange.failure) {
      if (url_.secure) good("tls", "the certificate is valid for " + url_.host);
      return true;
    }
    const bool tls = exchange.failure->phase == ConnectPhase::tls;
    bad(tls ? "tls" : "connect", exchange.failure->text,
        tls ? kMendTls : "Is it running, and does the firewall let us through?");
    return false;
  }

  void check_socketio() {
    polling_ = arguments_.path + "?EIO=4&transport=polling";
    socket_ = arguments_.path + "?EIO=4&transport=websocket";
    const auto plain = answered("GET", polling_, "");
    if (!reachable(*plain)) return;
    if (plain->answer.status != 200 || !plain->answer.body.starts_with("0{")) {
      return bad("handshake", "no Socket.IO at " + arguments_.path + ": " + status_of(*plain),
                 kMendPath);
    }
    good("handshake", "Engine.IO 4 by polling");
    const auto open =
        Json::parse(plain->answer.body.substr(1, plain->answer.body.find('\x1e') - 1));
    const auto* interval = open ? (*open)["pingInterval"].as<std::int64_t>() : nullptr;
    check_polling_origin();
    check_sticky([this] { return finds_engineio_session(); });
    Duration wait = seconds(arguments_.wait);
    if (interval != nullptr) wait = std::min<Duration>(wait, milliseconds(*interval) + kPastPing);
    if (check_upgrade()) check_idle(wait);
  }

  // What the URL names, without a query.
  std::string service() const {
    std::string path = url_.target.substr(0, url_.target.find('?'));
    while (path.ends_with('/')) path.pop_back();
    return path;
  }
  // Below it, in a session of its own: "/000/SESSION/".
  std::string new_session() {
    std::string name;
    for (int i = 0; i < 16; ++i) name += static_cast<char>('a' + random_.next_u32() % 26);
    return service() + "/000/" + name + "/";
  }

  void check_sockjs() {
    polling_ = service() + "/info";
    const auto info = answered("GET", polling_, "");
    if (!reachable(*info)) return;
    const auto told = Json::parse(info->answer.body);
    const bool* websocket = told ? (*told)["websocket"].as<bool>() : nullptr;
    if (info->answer.status != 200 || websocket == nullptr) {
      return bad("handshake", "no SockJS at " + service() + ": " + status_of(*info),
                 "Is this the path of the service, without what comes behind it?");
    }
    good("handshake", "the service tells about itself");
    check_polling_origin();
    check_sticky([this] { return finds_sockjs_session(); });
    check_streaming();
    if (!*websocket) return good("upgrade", "the service has its WebSockets switched off");
    socket_ = new_session() + "websocket";
    if (check_upgrade()) check_idle(seconds(arguments_.wait));
  }

  // Opened by one request, it takes messages, here none, by the next one.
  bool finds_sockjs_session() {
    const std::string session = new_session();
    const auto open = answered("POST", session + "xhr", "");
    if (open->answer.body != "o\n") return false;
    const auto send = answered("POST", session + "xhr_send", cookie_of(*open), "[]");
    return send->answer.status == 204 || send->answer.status == 200;
  }

  // An answer that begins at once, and has no end.
  void check_streaming() {
    const auto stream = ask("POST", new_session() + "xhr_streaming", "");
    stream->run(kFirstEventLimit, [&] {
      return stream->complete || stream->behind_head.find('\n') != std::string::npos;
    });
    if (stream->received > 0) return good("buffering", "frames come as they are sent");
    bad("buffering", "nothing of a stream has come yet: a proxy waits for its end", kMendBuffering);
  }

  // What browsers ask about a page of another origin.
  void check_polling_origin() {
    const auto page = answered("GET", polling_, origin_field());
    if (page->answer.status != 200) return refuse_origin(*page);
    if (origin_ == own_origin_) return;
    const std::string whose = "a page of " + origin_;
    const std::string_view allowed = page->field("Access-Control-Allow-Origin");
    if (allowed == origin_ || allowed == "*") return good("cors", whose + " may read the answers");
    const std::string found = allowed.empty() ? "missing" : "'" + std::string(allowed) + "'";
    bad("cors", whose + " may not read the answers: Access-Control-Allow-Origin is " + found,
        kMendAllow);
  }

  void refuse_origin(const Exchange& exchange) {
    if (std::exchange(origin_refused_, true)) return;
    bad("origin", "a page of " + origin_ + " is refused: " + status_of(exchange),
        origin_ == own_origin_ ? kMendHost : kMendAllow);
  }

  // A session that is opened by one connection must be known when the next one comes.
  void check_sticky(const std::function<bool()>& finds_session) {
    int lost = 0;
    for (int round = 0; round < kStickinessRounds; ++round) lost += finds_session() ? 0 : 1;
    const std::string all = std::to_string(kStickinessRounds);
    if (lost == 0)
      return good("stickiness", "a session is found again, " + all + " times of " + all);
    bad("stickiness",
        "a session was not found again by its next request, " + std::to_string(lost) +
            " times of " + all,
        kMendSticky);
  }

  bool finds_engineio_session() const {
    const auto open = answered("GET", polling_, "");
    const std::string& body = open->answer.body;
    const auto packet =
        Json::parse(body.substr(std::min<std::size_t>(1, body.size()), body.find('\x1e') - 1));
    const auto* sid = packet ? (*packet)["sid"].as<std::string>() : nullptr;
    if (sid == nullptr) return false;
    const std::string target = polling_ + "&sid=" + *sid;
    return answered("POST", target, cookie_of(*open), "40")->answer.status == 200;
  }

  // Of the next request, as a browser sends it.
  static std::string cookie_of(const Exchange& answered) {
    const std::string_view cookie = answered.field("Set-Cookie");
    if (cookie.empty()) return {};
    return "Cookie: " + std::string(cookie.substr(0, cookie.find(';'))) + "\r\n";
  }

  std::unique_ptr<Exchange> open_websocket(const std::string& fields) const {
    auto exchange =
        ask("GET", socket_,
            fields +
                "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: bmFydSBkb2N0b3Iga2V5IQ==\r\n");
    exchange->run(kAnswerLimit, [&] { return exchange->complete; });
    return exchange;
  }

  bool check_upgrade() {
    const auto plain = open_websocket("");
    if (polling_.empty() && !reachable(*plain)) return false;
    if (plain->answer.status != 101) {
      bad("upgrade", "no WebSocket: " + status_of(*plain) + " instead of 101", kMendUpgrade);
      return false;
    }
    good("upgrade", "a WebSocket opens");
    const auto page = open_websocket(origin_field());
    if (page->answer.status != 101) {
      refuse_origin(*page);
    } else {
      good("origin", "a page of " + origin_ + " may open one");
    }
    return true;
  }

  // Without a word from us: until the server's ping, of Engine.IO and SockJS, else for all the
  // time.
  void check_idle(Duration wait) {
    const auto watched = open_websocket("");
    const auto in_ms = [](Duration time) {
      return std::to_string(std::chrono::duration_cast<milliseconds>(time).count()) + " ms";
    };
    std::fprintf(stderr, "naru: watching a silent connection for at most %s\n",
                 in_ms(wait).c_str());
    const Instant began = std::chrono::steady_clock::now();
    watched->run(wait, [&] {
      return !polling_.empty() && watched->received > open_frame_bytes(watched->behind_head);
    });
    const Duration lasted = std::chrono::steady_clock::now() - began;
    if (!watched->ended) {
      const bool whole = lasted < wait;
      return good("idle", whole ? "the server's ping came" : "still open after " + in_ms(lasted));
    }
    bad("idle", "a silent WebSocket was cut after " + in_ms(lasted), kMendIdle);
  }

  // Of the frame with Engine.IO's open packet, or SockJS's, which comes at once.
  static std::size_t open_frame_bytes(std::string_view frames) {
    if (frames.size() < 4) return frames.size();
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(frames[i]); };
    const std::size_t length = byte(1);
    return length < 126 ? 2 + length : 4U + (std::size_t{byte(2)} << 8U) + byte(3);
  }

  void check_stream() {
    const auto stream = ask("GET", url_.target, "Accept: text/event-stream\r\n");
    stream->run(kAnswerLimit, [&] { return true; });
    stream->run(kFirstEventLimit, [&] {
      return stream->complete || stream->behind_head.find('\n') != std::string::npos;
    });
    if (!reachable(*stream)) return;
    const int status = stream->answer.status;
    if (status != 0 && status != 200) {
      return bad("stream", "no event stream: " + status_of(*stream),
                 "Is this the path of a stream?");
    }
    if (stream->received == 0) {
      return bad("buffering", "nothing of the stream has come yet: a proxy waits for its end",
                 kMendBuffering);
    }
    if (stream->field("Content-Type").find("text/event-stream") == std::string_view::npos) {
      return bad("stream", "this is no text/event-stream", "Is this the path of a stream?");
    }
    good("buffering", "events come as they are sent");
    const Instant began = std::chrono::steady_clock::now();
    stream->run(seconds(arguments_.wait), [&] { return stream->complete; });
    const auto lasted =
        std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began);
    const std::string time = std::to_string(lasted.count()) + " ms";
    if (stream->ended || stream->complete) {
      return bad("idle", "the stream was cut after " + time, kMendIdle);
    }
    good("idle", "still open after " + time);
  }

  const DoctorArguments& arguments_;
  client::Url url_;
  TlsClientOptions tls_;
  std::string own_origin_;
  std::string origin_;
  SystemRandom random_;
  std::string polling_;  // targets; empty: not of this protocol
  std::string socket_;
  bool origin_refused_ = false;  // and told
  int faults_ = 0;
};

}  // namespace

int doctor(const DoctorArguments& arguments) {
  return Doctor(arguments).run();
}

}  // namespace naru::app
