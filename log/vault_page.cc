#include "log/vault_page.h"

#include "log/vault.pb.h"

namespace vidimus {
namespace {

// Longest spellings: a field's tag, a number of 32 bits, a length.
constexpr size_t kTagMax = 1;
constexpr size_t kVarintMax = 5;
constexpr size_t kNumberMax = kTagMax + kVarintMax;

// Protobuf's wire format: 7 bits a byte, the lowest first.
void AppendVarint(uint64_t value, std::string* out) {
  while (value >= 0x80) {
    out->push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out->push_back(static_cast<char>(value));
}

size_t VarintBytes(uint64_t value) {
  size_t bytes = 1;
  while (value >= 0x80) {
    value >>= 7;
    ++bytes;
  }
  return bytes;
}

// As proto3 does, nothing for what is zero or empty.
size_t NumberBytes(uint32_t value) {
  return value == 0 ? 0 : kTagMax + VarintBytes(value);
}
size_t TextBytes(size_t size) {
  return size == 0 ? 0 : kTagMax + VarintBytes(size) + size;
}

void AppendTag(int field, bool text, std::string* out) {
  static_assert(vault::Opening::kAccessesBeforeFieldNumber < 16);
  out->push_back(static_cast<char>(field << 3 | (text ? 2 : 0)));
}
void AppendNumber(int field, uint32_t value, std::string* out) {
  if (value == 0) return;
  AppendTag(field, false, out);
  AppendVarint(value, out);
}
void AppendText(int field, std::string_view bytes, std::string* out) {
  if (bytes.empty()) return;
  AppendTag(field, true, out);
  AppendVarint(bytes.size(), out);
  out->append(bytes);
}

}  // namespace

size_t PageOpening::BytesMax() const {
  constexpr size_t kNumbers = 4, kTexts = 5;
  return kNumberMax * (1 + kNumbers + kTexts) + entry_id.size() +
         record_salt.size() + record.size() + actor_salt.size() + actor.size();
}

size_t PageWriter::RequestBytesMax(size_t leaf_hashes) {
  constexpr size_t kSignatureBytes = 64;
  return kNumberMax * 4 + kSignatureBytes + leaf_hashes * kHashBytes;
}

uint32_t PageWriter::AddRequest(uint32_t administration,
                                std::string_view signature, Path leaf_hashes) {
  const std::string hashes = BytesOfHashes(leaf_hashes);
  AppendTag(vault::Page::kRequestsFieldNumber, true, &bytes_);
  AppendVarint(NumberBytes(administration) + TextBytes(signature.size()) +
                   TextBytes(hashes.size()),
               &bytes_);
  AppendNumber(vault::Request::kAdministrationFieldNumber, administration,
               &bytes_);
  AppendText(vault::Request::kSignatureFieldNumber, signature, &bytes_);
  AppendText(vault::Request::kLeafHashesFieldNumber, hashes, &bytes_);
  return requests_++;
}

void PageWriter::AddOpening(const PageOpening& opening) {
  using Fields = vault::Opening;
  AppendTag(vault::Page::kOpeningsFieldNumber, true, &bytes_);
  AppendVarint(NumberBytes(opening.place) + NumberBytes(opening.request) +
                   NumberBytes(opening.request_index) +
                   TextBytes(opening.entry_id.size()) +
                   TextBytes(opening.record_salt.size()) +
                   TextBytes(opening.record.size()) +
                   TextBytes(opening.actor_salt.size()) +
                   TextBytes(opening.actor.size()) +
                   NumberBytes(opening.accesses_before),
               &bytes_);
  AppendNumber(Fields::kPlaceFieldNumber, opening.place, &bytes_);
  AppendNumber(Fields::kRequestFieldNumber, opening.request, &bytes_);
  AppendNumber(Fields::kRequestIndexFieldNumber, opening.request_index,
               &bytes_);
  AppendText(Fields::kEntryIdFieldNumber, opening.entry_id, &bytes_);
  AppendText(Fields::kRecordSaltFieldNumber, opening.record_salt, &bytes_);
  AppendText(Fields::kRecordFieldNumber, opening.record, &bytes_);
  AppendText(Fields::kActorSaltFieldNumber, opening.actor_salt, &bytes_);
  AppendText(Fields::kActorFieldNumber, opening.actor, &bytes_);
  AppendNumber(Fields::kAccessesBeforeFieldNumber, opening.accesses_before,
               &bytes_);
  ++openings_;
}

}  // namespace vidimus
