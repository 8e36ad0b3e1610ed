#include "command_line.hpp"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <string>
#include <system_error>

namespace naru::app {
namespace {

// Without the numbers in --help, which needs the room: an error tells them.
template <class T>
CLI::Validator in_range(T least, T most) {
  CLI::Validator check = CLI::Range(least, most);
  check.description("");
  return check;
}

// Its kind is in the name of the value already.
CLI::Validator existing_file() {
  CLI::Validator check = CLI::ExistingFile;
  check.description("");
  return check;
}

void add_serve(CLI::App& app, ServeArguments& given) {
  CLI::App* serve =
      app.add_subcommand("serve", "Serve the gallery and its demos over every protocol");
  serve
      ->add_option(
          "--listen", given.config.listen,
          "Where to listen, repeatable: 127.0.0.1:3000, [::1]:3000, :3000 (every address), "
          "https://:3443 (default: localhost:3000)")
      ->type_name("[https://]HOST:PORT");
  serve
      ->add_option(
          "--tls-cert", given.config.tls_cert,
          "Certificate chain for https and wss, PEM, repeatable: one for each host name or type "
          "of key (adds port 3443 unless --listen says another)")
      ->type_name("FILE");
  serve->add_option("--tls-key", given.config.tls_key, "Its private key, PEM, in the same order")
      ->type_name("FILE");
  serve
      ->add_option("--tls-client", given.config.tls_client,
                   "Certificates of clients (default: none)")
      ->type_name("none|optional|required");
  serve
      ->add_option("--tls-client-ca", given.config.tls_client_ca,
                   "The authorities that sign them, PEM")
      ->type_name("FILE");
  serve
      ->add_option("--http2", given.config.http2,
                   "HTTP/2 at https, WebSockets included; auto: offered")
      ->type_name("auto|off");
  serve
      ->add_option("--origin", given.config.origins,
                   "Pages that may connect besides our own, repeatable: https://example.org")
      ->type_name("ORIGIN");
  serve
      ->add_option("--trusted-proxy", given.config.trusted_proxies,
                   "Proxies whose word on addresses and TLS is taken, repeatable: 10.0.0.0/8")
      ->type_name("ADDRESS[/BITS]");
  serve->add_option("--loops", given.config.loops, "Event loops, one thread each (0: one per core)")
      ->type_name("N")
      ->check(in_range(0U, kLoopsAtMost));
  serve
      ->add_option("--io", given.config.io,
                   "How bytes leave; auto: uring where the system allows it")
      ->type_name("auto|epoll|uring");
  serve
      ->add_option("--spin", given.config.spin,
                   "Microseconds for which an idle loop keeps asking before it sleeps: shorter "
                   "latency for a whole core (default: 0)")
      ->type_name("US")
      ->check(in_range(0U, kSpinAtMost));
  serve->add_option("--log", given.config.log, "Least level to log (default: info)")
      ->type_name("debug|info|warning|error|off");
  serve
      ->add_option("--push", given.config.push,
                   "Topics by HTTP push and at /ws/TOPIC (default: on)")
      ->type_name("on|off");
  serve
      ->add_option("--api-key", given.config.api_keys,
                   "Who shows it may publish at /api/, repeatable (none: nobody may)")
      ->type_name("KEY");
  serve->add_option("--web", given.config.web, "Directory of the gallery")->type_name("DIR");
  serve
      ->add_option(
          "--sockjs", given.config.sockjs,
          "Path of SockJS services, one for each topic: /sockjs serves the topic prices at "
          "/sockjs/prices (default: none)")
      ->type_name("PATH");
  serve->add_flag("--sockjs-publish", given.config.sockjs_publish,
                  "Their clients may publish: what one sends, all of its topic receive");
  serve->add_option("--config", given.file, "TOML file with these names as keys (tls_cert, ...)")
      ->type_name("FILE")
      ->check(existing_file());
}

// What the commands that talk to a server have in common.
CLI::App* add_talk(CLI::App& app, const char* name, const char* what, TalkArguments& given) {
  CLI::App* command = app.add_subcommand(name, what);
  command->add_option("URL", given.url, "Its scheme tells the protocol: see --protocol")
      ->required();
  command->add_option("--header", given.headers, "Of the requests, repeatable: 'Name: value'")
      ->type_name("HEADER");
  command->add_option("--ca", given.ca_file, "An authority to trust besides the system's, PEM")
      ->type_name("FILE")
      ->check(existing_file());
  command->add_option("--timeout", given.timeout, "To connect, and for an answer (default: 10)")
      ->type_name("SECONDS")
      ->check(in_range(1U, 3600U));
  return command;
}

void add_socketio_options(CLI::App& command, TalkArguments& given) {
  command.add_option("--auth", given.auth, "What a Socket.IO server sees as auth, a JSON object")
      ->type_name("JSON");
  command
      .add_option("--path", given.path,
                  "Where Socket.IO is; the path of the URL names the namespace (default: "
                  "/socket.io/)")
      ->type_name("PATH");
}

void add_stomp_options(CLI::App& command, TalkArguments& given) {
  command.add_option("--login", given.login, "Of STOMP")->type_name("NAME");
  command.add_option("--passcode", given.passcode, "Of STOMP, too")->type_name("TEXT");
  command.add_option("--vhost", given.vhost, "Of STOMP: the virtual host (default: the broker's)")
      ->type_name("NAME");
}

const char* const kDoctorProtocolHelp =
    "Default: ws for ws and wss; of http and https sockjs where the path has a segment sockjs, sse "
    "below /push/, else socketio";
const char* const kGuessedHelp =
    "Default: ws for ws and wss, stomp for stomp and stomp+ssl; of http and https sockjs where the "
    "path has a segment sockjs, sse below /push/, else socketio";

void add_connect(CLI::App& app, TalkArguments& given) {
  CLI::App* command = add_talk(
      app, "connect",
      "Print what a server sends, and send what is typed: a message, or EVENT ARGS of Socket.IO",
      given);
  command->add_option("--protocol", given.protocol, kGuessedHelp)
      ->type_name("ws|socketio|sockjs|stomp");
  add_socketio_options(*command, given);
  add_stomp_options(*command, given);
}

void add_listen(CLI::App& app, TalkArguments& given) {
  CLI::App* command = add_talk(app, "listen", "Print what a server sends, a line each", given);
  command->add_option("EVENT", given.event,
                      "Of Socket.IO, or an event stream: print only this one. Of STOMP: the "
                      "destination");
  command->add_option("--protocol", given.protocol, kGuessedHelp)
      ->type_name("ws|socketio|sockjs|sse|stomp");
  command->add_option("--count", given.count, "End after so many messages")->type_name("N");
  command->add_flag("--json", given.json, "Each line is a JSON object");
  add_socketio_options(*command, given);
  add_stomp_options(*command, given);
}

void add_emit(CLI::App& app, TalkArguments& given) {
  CLI::App* command = add_talk(
      app, "emit", "Emit a Socket.IO event and print its acknowledgement; 1 if none comes", given);
  command->add_option("EVENT", given.event, "Its name")->required();
  command->add_option("ARGS", given.words,
                      "JSON, or else strings; - alone: an event for each line of standard input, "
                      "whose arguments are that array or that one value");
  command->add_flag("--no-ack", given.no_ack, "Send only, for servers that do not acknowledge");
  add_socketio_options(*command, given);
}

void add_publish(CLI::App& app, TalkArguments& given) {
  CLI::App* command = add_talk(
      app, "publish",
      "Publish to a topic by naru's HTTP API (http, https), or send to a WebSocket (ws, wss), a "
      "SockJS service or a STOMP broker (stomp, stomp+ssl)",
      given);
  command
      ->add_option("WORDS", given.words,
                   "http: TOPIC MESSAGE, stomp: DESTINATION MESSAGE, ws and sockjs: MESSAGE; - as "
                   "MESSAGE: one for each line of standard input")
      ->required();
  command
      ->add_option("--protocol", given.protocol,
                   "Default: by the scheme of the URL; sockjs where the path has a segment sockjs")
      ->type_name("ws|sockjs|stomp");
  command->add_option("--key", given.key, "Of the HTTP API")->type_name("KEY");
  add_stomp_options(*command, given);
}

void add_bench(CLI::App& app, BenchArguments& given) {
  CLI::App* command = add_talk(
      app, "bench",
      "Measure how fast a server answers: the echo of a WebSocket or a SockJS session, the "
      "acknowledgement of an event; or how fast what is sent to a destination of STOMP, or "
      "published to an event stream, comes back",
      given.talk);
  command->add_option("--protocol", given.talk.protocol, kGuessedHelp)
      ->type_name("ws|socketio|sockjs|sse|stomp");
  command
      ->add_option("--transport", given.transport,
                   "Of Socket.IO: websocket or polling; of SockJS: websocket, xhr-streaming or "
                   "xhr-polling (default: websocket)")
      ->type_name("websocket|polling|xhr-streaming|xhr-polling");
  command
      ->add_option("--event", given.talk.event,
                   "Of Socket.IO, which the server has to acknowledge (default: message)")
      ->type_name("EVENT");
  command
      ->add_option("--key", given.talk.key, "Of the HTTP API, by which sse publishes to the topic")
      ->type_name("KEY");
  command
      ->add_option("--destination", given.destination,
                   "Of STOMP: what the destination of each connection begins with (default: "
                   "/topic/bench)")
      ->type_name("TEXT");
  command->add_option("--connections", given.connections, "At once (default: 10)")
      ->type_name("N")
      ->check(in_range(1U, BenchArguments::kMostConnections));
  command
      ->add_option(
          "--in-flight", given.in_flight,
          "Messages of each connection that may wait for their answer; of sse, publications "
          "that may be on their way (default: 1)")
      ->type_name("N")
      ->check(in_range(1U, BenchArguments::kMostInFlight));
  command
      ->add_option("--rate", given.rate,
                   "Messages per second, of all connections together; latencies count from when "
                   "each was due (default: the next when an answer has come)")
      ->type_name("N")
      ->check(in_range(0.0, 10e6));
  command->add_option("--size", given.size, "Bytes of each message's text (default: 32)")
      ->type_name("BYTES")
      ->check(in_range(1U, BenchArguments::kMostBytes));
  command->add_option("--duration", given.seconds, "Of counting (default: 10)")
      ->type_name("SECONDS")
      ->check(in_range(0.1, 86400.0));
  command->add_option("--warmup", given.warmup, "Before counting begins (default: 1)")
      ->type_name("SECONDS")
      ->check(in_range(0.0, 3600.0));
  command
      ->add_option("--pid", given.pid,
                   "A server on this machine: also tell the CPU time that it used")
      ->type_name("PID")
      ->check(in_range(1, 1 << 30));
  command->add_flag("--json", given.json, "The result is one line of JSON");
  add_socketio_options(*command, given.talk);
  add_stomp_options(*command, given.talk);
}

void add_doctor(CLI::App& app, DoctorArguments& given) {
  CLI::App* command = app.add_subcommand(
      "doctor", "Say what is wrong between here and a server, and how to mend it");
  command->add_option("URL", given.url, "ws, wss, http or https")->required();
  command->add_option("--protocol", given.protocol, kDoctorProtocolHelp)
      ->type_name("ws|socketio|sockjs|sse");
  command
      ->add_option("--origin", given.origin,
                   "Of the page that connects (default: the server's own)")
      ->type_name("ORIGIN");
  command->add_option("--path", given.path, "Where Socket.IO is (default: /socket.io/)")
      ->type_name("PATH");
  command->add_option("--ca", given.ca_file, "An authority to trust besides the system's, PEM")
      ->type_name("FILE")
      ->check(existing_file());
  command
      ->add_option("--wait", given.wait,
                   "How long a silent connection is watched (default: 65; Socket.IO: until its "
                   "first ping)")
      ->type_name("SECONDS")
      ->check(in_range(1U, 3600U));
}

void add_completion(CLI::App& app, std::string& shell) {
  CLI::App* command =
      app.add_subcommand("completion", "Print what makes a shell complete all this");
  command->add_option("SHELL", shell, "To try it: source <(naru completion bash)")
      ->type_name("bash|zsh|fish")
      ->required();
}

// Beside an installed program (bin/naru, share/naru/web), else in the source tree.
std::string default_gallery() {
  std::error_code unreadable;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", unreadable);
  const std::filesystem::path beside = program.parent_path().parent_path() / "share/naru/web";
  return std::filesystem::is_directory(beside, unreadable) ? beside.string() : NARU_WEB_DIRECTORY;
}

}  // namespace

void declare(CLI::App& app, CommandLine& given) {
  app.set_version_flag("--version", "naru " NARU_VERSION);
  app.require_subcommand(1);
  add_serve(app, given.serve);
  add_connect(app, given.connect);
  add_listen(app, given.listen);
  add_emit(app, given.emit);
  add_publish(app, given.publish);
  add_bench(app, given.bench);
  add_doctor(app, given.doctor);
  add_completion(app, given.shell);
  app.add_subcommand("manual", "Print the manual page")->group("");  // for packages
}

ServeConfig serve_config(const CLI::App& app, const ServeArguments& given) {
  ServeConfig config;
  config.web = default_gallery();
  if (!given.file.empty()) read_config(given.file, config);
  const CLI::App& serve = *app.get_subcommand("serve");
  if (serve.count("--listen") > 0) config.listen = given.config.listen;
  if (serve.count("--tls-cert") > 0) config.tls_cert = given.config.tls_cert;
  if (serve.count("--tls-key") > 0) config.tls_key = given.config.tls_key;
  if (serve.count("--tls-client") > 0) config.tls_client = given.config.tls_client;
  if (serve.count("--tls-client-ca") > 0) config.tls_client_ca = given.config.tls_client_ca;
  if (serve.count("--http2") > 0) config.http2 = given.config.http2;
  if (serve.count("--origin") > 0) config.origins = given.config.origins;
  if (serve.count("--trusted-proxy") > 0) config.trusted_proxies = given.config.trusted_proxies;
  if (serve.count("--loops") > 0) config.loops = given.config.loops;
  if (serve.count("--io") > 0) config.io = given.config.io;
  if (serve.count("--spin") > 0) config.spin = given.config.spin;
  if (serve.count("--log") > 0) config.log = given.config.log;
  if (serve.count("--push") > 0) config.push = given.config.push;
  if (serve.count("--api-key") > 0) config.api_keys = given.config.api_keys;
  if (serve.count("--web") > 0) config.web = given.config.web;
  if (serve.count("--sockjs") > 0) config.sockjs = given.config.sockjs;
  if (serve.count("--sockjs-publish") > 0) config.sockjs_publish = given.config.sockjs_publish;
  return config;
}

}  // namespace naru::app
