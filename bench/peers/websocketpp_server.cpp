// The `load` profile on websocketpp 0.8.2, as its examples write a server: /echo returns each
// message; /pub reaches every client of /sub. One thread.
#include "listen.hpp"

#include <boost/asio/ip/address_v4.hpp>

#include <memory>
#include <set>
#include <string>
#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/server.hpp>

namespace {

struct Config : websocketpp::config::asio {
  static constexpr std::size_t kLargest = std::size_t{256} << 20U;
  static const size_t max_message_size = kLargest;
  static const websocketpp::log::level elog_level = websocketpp::log::elevel::none;
  static const websocketpp::log::level alog_level = websocketpp::log::alevel::none;
};

using Server = websocketpp::server<Config>;
using Handle = websocketpp::connection_hdl;

}  // namespace

int main(int argc, char** argv) {
  Server server;
  std::set<Handle, std::owner_less<Handle>> subscribers;
  server.init_asio();
  server.set_reuse_addr(true);
  server.set_listen_backlog(4096);
  server.set_tcp_pre_init_handler([](Handle) {});
  server.set_open_handler([&](Handle handle) {
    const auto connection = server.get_con_from_hdl(handle);
    connection->get_raw_socket().set_option(boost::asio::ip::tcp::no_delay(true));
    if (connection->get_resource() == "/sub") subscribers.insert(handle);
  });
  server.set_close_handler([&](Handle handle) { subscribers.erase(handle); });
  server.set_fail_handler([&](Handle handle) { subscribers.erase(handle); });
  server.set_message_handler([&](Handle handle, Server::message_ptr message) {
    websocketpp::lib::error_code ignored;
    if (server.get_con_from_hdl(handle)->get_resource() == "/pub") {
      for (const Handle& each : subscribers) {
        server.send(each, message->get_payload(), message->get_opcode(), ignored);
      }
    } else {
      server.send(handle, message->get_payload(), message->get_opcode(), ignored);
    }
  });
  server.listen(boost::asio::ip::tcp::endpoint(boost::asio::ip::address_v4::loopback(),
                                               port_to_listen_on(argc, argv)));
  websocketpp::lib::asio::error_code ignored;
  say_listening(server.get_local_endpoint(ignored).port());
  server.start_accept();
  server.run();
}
