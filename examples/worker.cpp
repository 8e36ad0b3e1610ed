// Works off a queue of a STOMP broker, naru's or another: each job is answered, and both happen or
// neither does.
//   example_worker [stomp://127.0.0.1:61613]
#include "naru/stomp_client.hpp"

#include <cstdio>
#include <iostream>
#include <string>

int main(int argc, char** argv) {
  naru::StompClientOptions options;
  options.login = options.passcode = "guest";
  options.on_connect = [](naru::StompClient&) { std::cout << "connected" << std::endl; };
  options.on_disconnect = [](naru::StompClient&, std::string_view why) {
    std::cout << "disconnected: " << why << std::endl;
  };
  naru::StompClient client(argc > 1 ? argv[1] : "stomp://127.0.0.1:61613", std::move(options));

  // Holds on every connection that follows, too.
  client.subscribe(
      "/queue/jobs",
      [&](const naru::StompMessage& job) {
        const naru::StompTransaction work = client.begin();
        work.send("/queue/results", std::to_string(job.body().size()));
        work.ack(job.delivery());
        work.commit([text = std::string(job.body())](naru::Result<void> done) {
          std::cout << text << (done ? ": done" : ": the broker gives it to another") << std::endl;
        });
      },
      {.ack = naru::StompAck::client_individual, .headers = {{"prefetch-count", "10"}}});
  return client.run();
}
