#include "io/ticket_keys.hpp"

#include "base/assert.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>

namespace naru::io {

TicketKeys::TicketKeys(Instant now) {
  add(now);
}

TicketKeys::~TicketKeys() {
  for (Aged& each : keys_) OPENSSL_cleanse(&each.key, sizeof(each.key));
}

void TicketKeys::add(Instant now) {
  Aged& added = keys_.emplace_front();
  added.made = now;
  NARU_ASSERT(RAND_bytes(added.key.name.data(), static_cast<int>(added.key.name.size())) == 1);
  NARU_ASSERT(RAND_priv_bytes(added.key.cipher.data(), static_cast<int>(added.key.cipher.size())) ==
              1);
  NARU_ASSERT(RAND_priv_bytes(added.key.mac.data(), static_cast<int>(added.key.mac.size())) == 1);
}

void TicketKeys::tend(Instant now) {
  const std::lock_guard lock(mutex_);
  if (now - keys_.front().made < kSealsFor) return;
  while (!keys_.empty() && now - keys_.back().made >= kSealsFor + kTicketLife) {
    OPENSSL_cleanse(&keys_.back().key, sizeof(Key));
    keys_.pop_back();
  }
  add(now);
}

TicketKeys::Key TicketKeys::newest() const {
  const std::lock_guard lock(mutex_);
  return keys_.front().key;
}

std::optional<TicketKeys::Found> TicketKeys::find(
    std::span<const unsigned char, kNameBytes> name) const {
  const std::lock_guard lock(mutex_);
  for (const Aged& each : keys_) {
    if (std::equal(name.begin(), name.end(), each.key.name.begin())) {
      return Found{each.key, &each == &keys_.front()};
    }
  }
  return std::nullopt;
}

std::size_t TicketKeys::size() const {
  const std::lock_guard lock(mutex_);
  return keys_.size();
}

}  // namespace naru::io
