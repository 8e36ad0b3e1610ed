#pragma once

#include "io/listener.hpp"
#include "io/loop.hpp"
#include "support/journal.hpp"
#include "support/peer.hpp"
#include "transport/http2_connection.hpp"
#include "transport/http_entry.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace naru::transport {

// A loop on its own thread that serves HTTP by what a test says; notes into `journal`.
class HttpWorld : public HttpService {
 public:
  // HTTP/2 is taken for granted then, whatever TLS says of it.
  enum class Version { http1, http2 };
  explicit HttpWorld(HttpLimits given = {}, test::Wire wire = test::Wire::tcp,
                     Version version = Version::http1)
      : limits(given) {
    on_complete = [](HttpExchange& connection) {
      http::Response response;
      response.body = std::string(connection.request().path) + ":" + connection.take_body();
      connection.respond(std::move(response));
    };
    const auto tls = wire == test::Wire::tls ? io::testing::test_tls_context() : nullptr;
    auto made =
        io::Listener::listen(loop_, {"127.0.0.1", 0}, tls, [this, version](io::Stream& stream) {
          if (version == Version::http1) return make_http_handler(stream, *this, limits);
          return std::unique_ptr<io::StreamHandler>(
              std::make_unique<Http2Connection>(*this, limits, stream));
        });
    EXPECT_TRUE(made) << io::last_error();
    listener_ = *std::move(made);
    port = listener_->port();
  }
  ~HttpWorld() override {
    stop();
    listener_.reset();
  }

  // The hooks are set by now.
  void start() {
    thread_ = std::thread([this] { loop_.run(); });
  }
  // Before anything that its hooks use has gone.
  void stop() {
    loop_.stop();
    if (thread_.joinable()) thread_.join();
  }
  void post(std::function<void()> task) { loop_.post(std::move(task)); }
  io::Loop& loop() { return loop_; }

  void on_request_head(HttpExchange& connection) override {
    if (on_head) on_head(connection);
  }
  void on_request(HttpExchange& connection) override { on_complete(connection); }
  void on_violation(io::Stream&, int status, std::string_view) override {
    journal.note("violation " + std::to_string(status));
  }

  const HttpLimits limits;
  test::Journal journal;
  std::function<void(HttpExchange&)> on_head;
  std::function<void(HttpExchange&)> on_complete;
  std::uint16_t port = 0;

 private:
  io::Loop loop_;
  std::unique_ptr<io::Listener> listener_;
  std::thread thread_;
};

}  // namespace naru::transport
