#include "transport/http2_connection.hpp"

#include <algorithm>
#include <utility>

namespace naru::transport {
namespace {

// What may wait in the connection's own queue. The rest waits in the streams' queues, where it
// counts as theirs and where the order can still change.
constexpr std::size_t kRoom = 65536;

}  // namespace

Http2Connection::Http2Connection(HttpService& service, const HttpLimits& limits, io::Stream& stream)
    : service_(service),
      limits_(limits),
      stream_(stream),
      session_(limits.http2, stream.loop().chunks()),
      idle_at_(stream.loop().now() + limits.head_timeout) {}

Http2Connection::~Http2Connection() = default;

void Http2Connection::on_attached(io::Stream&) {
  pump();  // our SETTINGS
  watch();
}

void Http2Connection::on_bytes(std::span<char> bytes) {
  if (stream_.finishing()) return;
  const auto received = session_.receive(bytes, stream_.loop().now());
  handle_events();
  pump();
  handle_events();
  tell_drained();
  if (!received && !stream_.finishing()) stream_.finish();
  if (stream_.finishing()) give_up(io::StreamEnd::reset);
  watch();
}

void Http2Connection::handle_events() {
  while (!stream_.closed()) {
    const auto event = session_.next_event();
    if (!event) return;
    handle(*event);
  }
}

void Http2Connection::handle(const http2::Event& event) {
  using Type = http2::Event::Type;
  if (event.type == Type::request) return begin(event.stream);
  if (event.type == Type::refused) {
    return service_.on_violation(stream_, static_cast<int>(event.code), event.text);
  }
  if (const auto tunnel = tunnels_.find(event.stream); tunnel != tunnels_.end()) {
    return handle_tunnel(*tunnel->second, event);
  }
  const auto found = exchanges_.find(event.stream);
  if (found == exchanges_.end()) return;
  switch (event.type) {
    case Type::data:
      return found->second.receive({event.data.data(), event.data.size()});
    case Type::end:
      return found->second.complete();
    default:
      found->second.close();
      exchanges_.erase(found);
  }
}

void Http2Connection::begin(http2::StreamId id) {
  idle_at_ = stream_.loop().now() + limits_.idle_timeout;
  Http2Exchange& exchange = exchanges_.try_emplace(id, *this, id).first->second;
  exchange.begin();
  if (!exchange.handed_over()) return;
  exchanges_.erase(id);
  session_.forget_request(id);
}

void Http2Connection::handle_tunnel(Http2Stream& tunnel, const http2::Event& event) {
  switch (event.type) {
    case http2::Event::Type::data:
      return tunnel.receive(event.data);
    case http2::Event::Type::end:
      return tunnel.receive_end();
    default:
      tunnel.close(io::StreamEnd::reset);
  }
}

// ---- what exchanges and tunnels ask for

void Http2Connection::answered() {
  idle_at_ = stream_.loop().now() + limits_.idle_timeout;
  pump();
  watch();
}

// One large body is the route's to allow; many at once are what HTTP/1.1 would not let one
// connection send.
bool Http2Connection::hold_body(std::size_t bytes, std::size_t held_by_it) {
  if (bodies_ + bytes > limits_.bodies_bytes && bodies_ > held_by_it) return false;
  bodies_ += bytes;
  return true;
}

void Http2Connection::open_tunnel(http2::StreamId id, const http::Response& accepted,
                                  std::unique_ptr<io::StreamHandler> handler) {
  io::Loop& loop = stream_.loop();
  auto made = std::make_unique<Http2Stream>(loop, *this, id);
  Http2Stream& tunnel = *made;
  loop.own(std::move(made));
  tunnels_.emplace(id, &tunnel);
  session_.accept(id, accepted, tunnel.out());
  tunnel.start(std::move(handler));
  pump();
}

void Http2Connection::close_tunnel(Http2Stream& tunnel, http2::ErrorCode code) {
  session_.reset(tunnel.id(), code);
  tunnels_.erase(tunnel.id());
  std::erase(waiting_, &tunnel);
  idle_at_ = stream_.loop().now() + limits_.idle_timeout;
  pump();
  watch();
}

void Http2Connection::pump() {
  if (stream_.closed() || stream_.finishing()) return;
  for (;;) {
    session_.send(stream_.out(), kRoom);
    if (stream_.out().size() < kRoom) break;
    stream_.flush();
    if (stream_.closed()) return;
    if (stream_.out().size() >= kRoom) break;
  }
  if (!stream_.out().empty()) stream_.send_later();
  wake_tunnels();
  if (session_.finished()) stream_.finish();
}

// Of many answers that a turn has added to, one walk.
void Http2Connection::pump_later() {
  if (std::exchange(pump_due_, true)) return;
  stream_.loop().defer([this] {
    pump_due_ = false;
    pump();
  });
}

void Http2Connection::watch_drain(http2::StreamId id) {
  if (std::find(draining_.begin(), draining_.end(), id) == draining_.end()) draining_.push_back(id);
}

// What they are told may add to them again, or end them.
void Http2Connection::tell_drained() {
  for (const http2::StreamId id : std::exchange(draining_, {})) {
    const auto found = exchanges_.find(id);
    if (found != exchanges_.end() && !found->second.drain()) watch_drain(id);
  }
}

void Http2Connection::lose(http2::StreamId id) {
  session_.reset(id, http2::ErrorCode::cancel);
  lost_.push_back(id);
  if (lost_.size() > 1) return;
  stream_.loop().defer([this] { tell_lost(); });
}

void Http2Connection::tell_lost() {
  for (const http2::StreamId id : std::exchange(lost_, {})) {
    const auto found = exchanges_.find(id);
    if (found == exchanges_.end()) continue;
    found->second.close();
    exchanges_.erase(found);
  }
  pump();
  watch();
}

void Http2Connection::wait(Http2Stream& tunnel) {
  if (std::find(waiting_.begin(), waiting_.end(), &tunnel) == waiting_.end()) {
    waiting_.push_back(&tunnel);
  }
}

void Http2Connection::wake_tunnels() {
  std::erase_if(waiting_, [this](Http2Stream* tunnel) {
    if (!tunnel->has_room()) return false;
    stream_.loop().touch(*tunnel);
    return true;
  });
}

// ---- time, and the end

// Events that sending has caused wait here until something else happens: they only free what is
// answered.
void Http2Connection::on_sent() {
  handle_events();
  pump();
  tell_drained();
  watch();
}

void Http2Connection::on_deadline(Instant now) {
  handle_events();
  for (auto& [id, exchange] : exchanges_) exchange.on_deadline(now);
  if (session_.streams() == 0 && now >= idle_at_) session_.shut_down();
  pump();
  watch();
}

// Of what has a deadline the next. Tunnels have their own.
void Http2Connection::watch() {
  if (stream_.closed() || stream_.finishing()) return;
  Instant next = session_.streams() == 0 ? idle_at_ : kNever;
  for (const auto& [id, exchange] : exchanges_) next = std::min(next, exchange.deadline());
  stream_.set_deadline(next);
}

// The loop tells the tunnels too; the connection ends with its last stream.
void Http2Connection::on_shutdown() {
  session_.shut_down();
  for (auto& [id, exchange] : exchanges_) exchange.on_shutdown();
  pump();
}

void Http2Connection::on_end() {
  give_up(io::StreamEnd::peer_closed);
  if (!stream_.finishing()) stream_.finish();
}

void Http2Connection::on_closed(io::StreamEnd end) {
  give_up(end);
}

void Http2Connection::give_up(io::StreamEnd why) {
  while (!tunnels_.empty()) tunnels_.begin()->second->close(why);
  const auto exchanges = std::exchange(exchanges_, {});
  for (auto& [id, exchange] : exchanges) const_cast<Http2Exchange&>(exchange).close();
}

}  // namespace naru::transport
