#include "sockjs/documents.hpp"

#include "base/sha1.hpp"

#include <algorithm>

namespace naru::sockjs {
namespace {

constexpr std::string_view kCompatible =
    "  <meta http-equiv=\"X-UA-Compatible\" content=\"IE=edge\" />\n"
    "  <meta http-equiv=\"Content-Type\" content=\"text/html; charset=UTF-8\" />\n";
constexpr std::size_t kHeadBytes = 1024;  // browsers show nothing of less

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

std::string info_document(const Info& info) {
  std::string text = "{\"websocket\":";
  text.append(info.websocket ? "true" : "false").append(",\"origins\":[\"*:*\"]");
  text.append(",\"cookie_needed\":").append(info.cookie_needed ? "true" : "false");
  return text.append(",\"entropy\":").append(std::to_string(info.entropy)).append("}");
}

std::string iframe_page(std::string_view client_url) {
  std::string page = "<!DOCTYPE html>\n<html>\n<head>\n";
  page.append(kCompatible).append("  <script src=\"").append(client_url);
  return page.append(
      "\"></script>\n"
      "  <script>\n"
      "    document.domain = document.domain;\n"
      "    SockJS.bootstrap_iframe();\n"
      "  </script>\n"
      "</head>\n"
      "<body>\n"
      "  <h2>Don't panic!</h2>\n"
      "  <p>This is a SockJS hidden iframe. It's used for cross domain magic.</p>\n"
      "</body>\n"
      "</html>");
}

std::string entity_tag(std::string_view body) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string tag = "\"";
  for (const char c : sha1(body)) {
    const auto octet = static_cast<unsigned char>(c);
    tag.push_back(hex[octet >> 4U]);
    tag.push_back(hex[octet & 0xfU]);
  }
  return tag.append("\"");
}

bool is_client_url(std::string_view url) {
  const bool placed =
      url.starts_with('/') || url.starts_with("http://") || url.starts_with("https://");
  return placed && std::all_of(url.begin(), url.end(), [](char c) {
           return c > ' ' && c < 0x7f && c != '"' && c != '\'' && c != '<' && c != '>' && c != '&';
         });
}

std::string htmlfile_head(std::string_view callback) {
  std::string head = "<!doctype html>\n<html><head>\n";
  head.append(kCompatible)
      .append(
          "</head><body><h2>Don't panic!</h2>\n"
          "  <script>\n"
          "    document.domain = document.domain;\n"
          "    var c = parent.")
      .append(callback)
      .append(
          ";\n"
          "    c.start();\n"
          "    function p(d) {c.message(d);};\n"
          "    window.onload = function() {c.stop();};\n"
          "  </script>");
  if (head.size() <= kHeadBytes) head.append(kHeadBytes + 1 - head.size(), ' ');
  return head.append("\r\n\r\n");
}

bool is_callback(std::string_view name) {
  return !name.empty() && name.size() <= kCallbackBytes &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_word(c) || c == '-' || c == '_' || c == '.'; });
}

}  // namespace naru::sockjs
