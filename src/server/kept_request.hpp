#pragma once

#include "naru/websocket.hpp"

#include <memory>
#include <string>
#include <utility>

namespace naru::server {

// What a handshake said, for as long as its session lives: one string, until somebody wants to look
// at it.
class KeptRequest {
 public:
  explicit KeptRequest(RequestInfo info);

  // Unpacked on first use, and from then on.
  const RequestInfo& look() const;
  // A copy, which leaves it packed.
  RequestInfo unpack() const;

 private:
  mutable std::string packed_;  // empty once it is unpacked
  mutable std::unique_ptr<const RequestInfo> info_;
};

}  // namespace naru::server
