// A batch's page of the vault (log/vault.proto), spelled out byte by byte as
// its entries come: the same as a vault::Page would be, without one string of
// its own for each part of each opening. A page is as large as its batch.
#ifndef VIDIMUS_LOG_VAULT_PAGE_H_
#define VIDIMUS_LOG_VAULT_PAGE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "verifier/hash.h"

namespace vidimus {

// What a page says of one entry; see vault::Opening. Views of the caller's.
struct PageOpening {
  uint32_t place = 0;
  uint32_t request = 0;
  uint32_t request_index = 0;
  std::string_view entry_id, record_salt, record, actor_salt, actor;
  uint32_t accesses_before = 0;

  // At least as many bytes as it takes in a page.
  size_t BytesMax() const;
};

// Not synchronised.
class PageWriter {
 public:
  // `bytes` is how large the page becomes at most, so that it never moves and
  // leaves no copy of what is secret behind.
  explicit PageWriter(size_t bytes) { bytes_.reserve(bytes); }

  // The number of the request, from 0. `signature` and `leaf_hashes` may be
  // empty.
  uint32_t AddRequest(uint32_t administration, std::string_view signature,
                      Path leaf_hashes);
  // At least as many bytes as AddRequest takes for so many leaf hashes.
  static size_t RequestBytesMax(size_t leaf_hashes);

  // By ascending place.
  void AddOpening(const PageOpening& opening);

  uint32_t openings() const { return openings_; }
  // What was written so far, to be sealed, which wipes it.
  std::string* bytes() { return &bytes_; }

 private:
  std::string bytes_;
  uint32_t requests_ = 0;
  uint32_t openings_ = 0;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_VAULT_PAGE_H_
