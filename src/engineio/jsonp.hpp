#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// Polling by script elements, as browsers without cross-origin requests did.
namespace naru::engineio {

// `___eio[index]("payload");`
std::string to_jsonp(std::uint32_t index, std::string_view payload);
// The payload in the form field `d` of a POST, where line feeds came escaped, since browsers
// change them.
std::string from_jsonp_form(std::string_view field);
// The index that the parameter `j` names: its digits.
std::uint32_t jsonp_index(std::string_view parameter);

}  // namespace naru::engineio
