#include "client/failure.hpp"

#include <cstdio>

namespace naru::client {

bool may_pass(const ConnectFailure& failure) {
  if (failure.phase == ConnectPhase::options || failure.phase == ConnectPhase::redirect) {
    return false;
  }
  const int status = failure.status;
  return status < 300 || status >= 500 || status == 408 || status == 425 || status == 429;
}

int exit_status(const std::optional<ConnectFailure>& failure) {
  if (!failure) return 0;
  std::fprintf(stderr, "naru: %s\n", failure->text.c_str());
  return 1;
}

}  // namespace naru::client
