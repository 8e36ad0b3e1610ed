#pragma once

#include "base/unique_function.hpp"
#include "http/response.hpp"
#include "server/worker.hpp"
#include "transport/response_stream.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace naru::server {

// The answers of one loop that stay open, fed by sessions of any loop: those post here. A session
// bounds what is under way to it, and hears what has been taken.
class SockJsStreams {
 public:
  struct Hooks {
    UniqueFunction<void(std::size_t bytes)> on_taken;  // of what was appended
    UniqueFunction<void()> on_gone;                    // the peer; not after end()
  };

  explicit SockJsStreams(Worker& worker) : worker_(worker) {}

  // Answers a request that waits: head, and `prelude` as the first piece. Nothing, once its peer
  // has gone: whoever expected its answer has been told.
  void begin(std::uint64_t number, http::Response head, std::string_view prelude,
             std::size_t high_watermark, Hooks hooks);
  // One piece. True: taken at once, and on_taken is not called for it.
  bool append(std::uint64_t number, std::string_view piece);
  // The same for a session of another loop, which has counted the piece already.
  void append_from_afar(std::uint64_t number, std::string_view piece);
  void end(std::uint64_t number);

 private:
  struct Open {
    transport::ResponseStream* stream = nullptr;
    std::size_t waiting = 0;  // appended, and not said to be taken
    std::shared_ptr<Hooks> hooks;
  };

  void drained(std::uint64_t number);
  void gone(std::uint64_t number);

  Worker& worker_;
  boost::unordered_flat_map<std::uint64_t, Open> open_;
};

}  // namespace naru::server
