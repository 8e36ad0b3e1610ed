# The one place that finds what we build on; tools/install-deps installs it.
find_package(Threads REQUIRED)
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS json url)
find_package(simdjson CONFIG REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(tomlplusplus CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(fmt CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)

# Optional: each an option NARU_WITH_X of ON, OFF, AUTO.
find_package(PkgConfig REQUIRED)
set(NARU_WITH_HTTP2 AUTO CACHE STRING "HTTP/2, with WebSockets on it (libnghttp2): ON, OFF, AUTO")
if(NARU_WITH_HTTP2 STREQUAL "ON")
  pkg_check_modules(nghttp2 REQUIRED IMPORTED_TARGET libnghttp2>=1.52)
elseif(NARU_WITH_HTTP2 STREQUAL "AUTO")
  pkg_check_modules(nghttp2 IMPORTED_TARGET libnghttp2>=1.52)
endif()
