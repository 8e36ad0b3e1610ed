#include "server/engineio_request.hpp"

#include "engineio/jsonp.hpp"
#include "http/url.hpp"

namespace naru::server {

EngineQuery EngineQuery::parse(std::string_view text) {
  const http::Query query = http::Query::parse(text);
  const auto value = [&](std::string_view name) {
    const std::string* found = query.find(name);
    return found == nullptr ? std::string() : *found;
  };
  EngineQuery parsed;
  parsed.transport = value("transport");
  parsed.sid = value("sid");
  parsed.revision = value("EIO");
  if (parsed.revision != "4") parsed.dialect.revision = engineio::Revision::v3;
  parsed.dialect.base64 = !value("b64").empty();
  if (const std::string* index = query.find("j");
      index != nullptr && parsed.dialect.revision == engineio::Revision::v3) {
    parsed.jsonp = engineio::jsonp_index(*index);
    parsed.dialect.base64 = true;  // a script is text
  }
  return parsed;
}

}  // namespace naru::server
