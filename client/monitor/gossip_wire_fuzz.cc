// Any bytes as a message of a peer. What parses formats back to the same bytes;
// whatever it says, nobody is convicted and nothing is held that the log has
// not signed.

#include <cstddef>
#include <cstdint>

#include "client/monitor/gossip.h"
#include "client/monitor/gossip_wire.h"
#include "verifier/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vidimus;  // NOLINT: a function of libFuzzer's
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<v1::GossipMessage> message = ParseGossip(bytes);
  if (!message.ok()) return 0;
  const std::string again = FormatGossip(*message);
  CHECK(absl::string_view(again) == bytes);
  std::vector<GossipLog> logs;
  if (message->logs_size() > 0 && ValidKeyName(message->logs(0).origin())) {
    // The base point of the curve: a sound key that nobody signed with.
    std::string key(32, '\x66');
    key[0] = '\x58';
    logs.push_back(
        {MakeVerifierKey(message->logs(0).origin(), kKeyTypeEd25519, key), {}});
  }
  Gossip gossip(logs, {"peer"});
  gossip.Hear(GossipSource::Peer(0), *message, 1);
  gossip.Answer(*message);
  for (const GossipLog& log : logs) {
    CHECK(gossip.Unsettled(log.key.name).empty());
    CHECK(gossip.Convictions(log.key.name).empty());
  }
  return 0;
}
