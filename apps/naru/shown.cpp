#include "shown.hpp"

#include "base/base64.hpp"
#include "naru/json.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace naru::app {
namespace {

Json object(const char* name, Json value) {
  Json::Object members;
  members.push_back({name, std::move(value)});
  return members;
}

// Not deeper than what Json reads: 64 levels.
Json without_binary(const Json& value) {
  if (const Bytes* bytes = value.as<Bytes>()) {
    return object("base64", base64(as_text(*bytes)));
  }
  if (const auto* array = value.as<Json::Array>()) {
    Json::Array out;
    for (const Json& each : *array) out.push_back(without_binary(each));
    return out;
  }
  if (const auto* members = value.as<Json::Object>()) {
    Json::Object out;
    for (const JsonMember& each : *members) out.push_back({each.name, without_binary(each.value)});
    return out;
  }
  return value;
}

Json as_array(const Arguments& arguments) {
  Json::Array all;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto value = json_cast<Json>(arguments[i]);
    all.push_back(value ? without_binary(*value) : Json());
  }
  return all;
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    std::array<char, 8> escape{};
    if (byte == '\n') {
      out += "\\n";
    } else if (byte == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      std::snprintf(escape.data(), escape.size(), "\\x%02x", byte);
      out += escape.data();
    } else if (byte == 0xc2 && next >= 0x80 && next < 0xa0) {
      std::snprintf(escape.data(), escape.size(), "\\x%02x", next);
      out += escape.data();
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string as_json(const std::string& word) {
  return Json::parse(word) ? word : Json(word).dump();
}

std::string arguments_json(const Arguments& arguments) {
  return as_array(arguments).dump();
}

std::string shown_event(std::string_view event, const Arguments& arguments, bool json) {
  if (!json) return one_line(event) + " " + one_line(arguments_json(arguments));
  Json::Object members;
  members.push_back({"event", std::string(event)});
  members.push_back({"args", as_array(arguments)});
  return one_line(Json(std::move(members)).dump());
}

std::string coloured(std::string_view json) {
  constexpr std::string_view kString = "\x1b[32m";
  constexpr std::string_view kValue = "\x1b[36m";
  constexpr std::string_view kPlain = "\x1b[0m";
  std::string out;
  for (std::size_t i = 0; i < json.size();) {
    std::size_t end = i + 1;
    if (json[i] == '"') {
      while (end < json.size() && json[end] != '"') end += json[end] == '\\' ? 2 : 1;
      end = std::min(end + 1, json.size());
      out.append(kString).append(json.substr(i, end - i)).append(kPlain);
    } else if (std::string_view("[]{}:, ").find(json[i]) != std::string_view::npos) {
      out += json[i];
    } else {
      end = std::min(json.find_first_of("[]{}:, \"", i), json.size());
      out.append(kValue).append(json.substr(i, end - i)).append(kPlain);
    }
    i = end;
  }
  return out;
}

std::string shown_message(Message message, bool json) {
  if (!message.binary) {
    return one_line(json ? object("text", std::string(message.data)).dump() : message.data);
  }
  const std::string encoded = naru::base64(message.data);
  return json ? object("base64", encoded).dump() : encoded;
}

}  // namespace naru::app
