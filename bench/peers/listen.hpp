#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

// What the C++ peers share: `--listen 127.0.0.1:PORT`, and the line `listening on PORT`.

inline std::uint16_t port_to_listen_on(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::string_view(argv[i]) != "--listen") continue;
    const std::string_view where = argv[i + 1];
    return static_cast<std::uint16_t>(std::atoi(where.data() + where.rfind(':') + 1));
  }
  return 0;
}

inline void say_listening(std::uint16_t port) {
  std::printf("listening on %u\n", port);
  std::fflush(stdout);
}
