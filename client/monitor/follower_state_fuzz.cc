// Any bytes as what a follower goes on from, with the hash at their end put
// right so that the rest is looked at: what parses, formats back to the same
// bytes, and so does what the auditor takes of it.

#include <cstddef>
#include <cstdint>
#include <string>

#include "client/monitor/follower_state.h"
#include "verifier/audit.h"
#include "verifier/check.h"
#include "verifier/crypto.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vidimus;  // NOLINT: a function of libFuzzer's
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::string whole(bytes);
  whole += Bytes(Sha256(whole));
  for (const std::string_view file : {bytes, std::string_view(whole)}) {
    if (const auto state = ParseFollowerState(file); state.has_value()) {
      CHECK(FormatFollowerState(*state) == file);
    }
    if (const auto stopped = ParseStoppedRecord(file); stopped.has_value()) {
      CHECK(FormatStoppedRecord(*stopped) == file);
    }
  }
  AuditOptions options;
  options.access_log = true;
  options.documents = [](const Hash&, std::string*) { return false; };
  std::string audit(bytes);
  if (const auto state = ParseFollowerState(whole); state.has_value()) {
    audit = state->audit;
  }
  const auto auditor = Auditor::Restore(options, audit);
  if (auditor.has_value()) CHECK(auditor->Save() == audit);
  return 0;
}
