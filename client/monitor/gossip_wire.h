// Messages of proto/gossip.proto as bytes, read by the rules of wire.h and
// within the limits of gossip.h, before anything of them is taken in: a message
// of 4 MiB may else stand for a thousand times as much memory. Pure functions.
#ifndef VIDIMUS_CLIENT_MONITOR_GOSSIP_WIRE_H_
#define VIDIMUS_CLIENT_MONITOR_GOSSIP_WIRE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/gossip.pb.h"

namespace vidimus {

// kInvalidArgument: a finding of wire.h, or more or longer parts than gossip.h
// allows. What parses formats back to the same bytes.
absl::StatusOr<v1::GossipMessage> ParseGossip(absl::string_view bytes);
std::string FormatGossip(const v1::GossipMessage& message);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_MONITOR_GOSSIP_WIRE_H_
