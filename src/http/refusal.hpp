#pragma once

#include "naru/result.hpp"

#include <string_view>

namespace naru::http {

// Why a request is refused: the status that answers it, and a literal that says why.
struct Refusal {
  int status = 400;
  std::string_view text;

  Error error() const {
    switch (status) {
      case 413:
      case 414:
        return {Errc::message_too_big, text};
      case 431:
        return {Errc::too_many, text};
      case 501:
      case 505:
        return {Errc::unsupported, text};
      default:
        return {Errc::protocol_error, text};
    }
  }
};

}  // namespace naru::http
