#pragma once

#include <cstddef>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

// The system calls of the hot path, without libc's wrappers: those are thread cancellation points,
// and in a program with threads each call pays for that twice (1.3 % of an echo's CPU; nobody
// cancels a loop's thread). Results and errno are those of the functions they are named after.
// Sanitizers know the wrappers only, so they get them.
namespace naru::io::sys {

#ifdef NARU_SANITIZED
using ::recv;
using ::send;
#else
inline ssize_t recv(int fd, char* bytes, std::size_t size, int flags) {
  return ::syscall(SYS_recvfrom, fd, bytes, size, flags, nullptr, nullptr);
}
inline ssize_t send(int fd, const char* bytes, std::size_t size, int flags) {
  return ::syscall(SYS_sendto, fd, bytes, size, flags, nullptr, 0);
}
#endif

}  // namespace naru::io::sys
