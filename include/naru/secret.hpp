#pragma once

#include <string_view>

namespace naru {

// Whether two secrets (passwords, tokens) are the same. How long it takes tells whoever tries them
// nothing but the length of `expected`.
[[nodiscard]] bool same_secret(std::string_view given, std::string_view expected);

}  // namespace naru
