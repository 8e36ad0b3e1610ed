#include "io/peer_address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

namespace naru::io {
namespace {

constexpr std::array<unsigned char, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

PeerAddress PeerAddress::from(const sockaddr& address) {
  PeerAddress peer;
  if (address.sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address, sizeof(in));
    std::copy(kMapped.begin(), kMapped.end(), peer.bytes.begin());
    std::memcpy(peer.bytes.data() + kMapped.size(), &in.sin_addr, sizeof(in.sin_addr));
    peer.port = ntohs(in.sin_port);
  } else if (address.sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &address, sizeof(in));
    std::memcpy(peer.bytes.data(), &in.sin6_addr, sizeof(in.sin6_addr));
    peer.port = ntohs(in.sin6_port);
  }
  return peer;
}

bool PeerAddress::is_ipv4() const {
  return std::equal(kMapped.begin(), kMapped.end(), bytes.begin());
}

std::string PeerAddress::to_string() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (is_ipv4()) {
    ::inet_ntop(AF_INET, bytes.data() + kMapped.size(), text, sizeof(text));
  } else {
    ::inet_ntop(AF_INET6, bytes.data(), text, sizeof(text));
  }
  return text;
}

std::array<unsigned char, 16> PeerAddress::customer() const {
  std::array<unsigned char, 16> network = bytes;
  if (!is_ipv4()) std::fill(network.begin() + 8, network.end(), static_cast<unsigned char>(0));
  return network;
}

}  // namespace naru::io
