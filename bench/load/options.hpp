#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace naru::load {

enum class Protocol : std::uint8_t { websocket, socketio, sockjs, stomp, sse };

struct Options {
  std::string mode;  // echo, broadcast, polling-echo, chaos, connect, idle
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  Protocol protocol = Protocol::websocket;
  std::size_t connections = 50;  // in broadcast the receivers, in polling-echo the sessions
  std::size_t inflight = 1;      // messages per connection; in broadcast publications
  std::size_t size = 20;         // bytes of each message's text
  double warmup = 0.3;           // seconds before counting begins
  double seconds = 2;            // of counting
  std::uint64_t messages = 0;    // count that many instead of for `seconds`
  unsigned seed = 1;             // of what chaos does
  bool wait = false;             // sleep between events instead of polling for them
  std::vector<int> cpu_of;       // processes whose CPU time is measured over the same window
};

inline constexpr const char* kUsage =
    R"(usage: bench_load MODE --port PORT [options]

modes
  echo          each connection keeps --inflight messages under way
  broadcast     --connections receivers, one publisher with --inflight publications under way;
                a publication is done when its last receiver has it
  polling-echo  Socket.IO over HTTP long polling, two keep-alive connections per session
  chaos         --connections peers that come and go: talkers, slow readers, vanishing, oversized
  connect       opens and drops connections, --connections at a time
  idle          opens --connections, prints the report, holds them until standard input ends

options
  --host ADDRESS        IPv4 (127.0.0.1)
  --protocol NAME       websocket, socketio; in echo also sockjs; in echo and broadcast stomp, over
                        WebSocket; in broadcast sse (websocket)
  --connections N       (50)
  --inflight N          (1)
  --size BYTES          of each message's text (20)
  --warmup SECONDS      (0.3)
  --seconds SECONDS     (2)
  --messages N          count N messages instead of a time
  --seed N              of what chaos does (1)
  --wait                sleep until something arrives (the default polls without sleeping, so that
                        the server never pays for waking us)
  --cpu-of PID          also report the CPU time of this process over the counted window; repeatable

Prints one line of JSON. Ends with 1 if anything came back wrong, with 2 if it could not run.
)";

// Throws std::invalid_argument with a sentence for the person who typed.
Options parse_options(int argc, char** argv);

}  // namespace naru::load
