#include "client/monitor/gossip_wire.h"

#include <iterator>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/monitor/gossip.h"
#include "proto/status.h"
#include "verifier/checkpoint.h"
#include "verifier/finding.h"
#include "verifier/wire.h"

namespace vidimus {
namespace {

constexpr FieldRule kLogGossipFields[] = {
    {1, FieldKind::kText, false, "origin", nullptr},
    {2, FieldKind::kBytes, true, "notes", nullptr},
    {3, FieldKind::kUint32, true, "convicted", nullptr},
    {4, FieldKind::kBytes, true, "convictions", nullptr},
};
constexpr MessageRule kLogGossip = {"LogGossip", kLogGossipFields,
                                    std::size(kLogGossipFields)};
constexpr FieldRule kGossipMessageFields[] = {
    {1, FieldKind::kMessage, true, "logs", &kLogGossip},
};
constexpr MessageRule kGossipMessage = {"GossipMessage", kGossipMessageFields,
                                        std::size(kGossipMessageFields)};

absl::Status TooMuch(absl::string_view what, size_t limit) {
  return absl::InvalidArgumentError(
      absl::StrCat("gossip: more than ", limit, " ", what));
}

absl::Status NotGossip(Finding finding) {
  return absl::InvalidArgumentError(
      absl::StrCat("gossip: ", FindingSentence(finding)));
}

absl::Status ParseLog(std::string_view bytes, v1::LogGossip* log) {
  WireReader reader(kLogGossip, bytes);
  WireField field;
  while (reader.Next(&field)) {
    switch (field.rule->number) {
      case 1:
        if (field.bytes.size() > kOriginBytesMax) {
          return TooMuch("bytes of an origin", kOriginBytesMax);
        }
        log->set_origin(std::string(field.bytes));
        break;
      case 2:
        if (static_cast<size_t>(log->notes_size()) == kGossipNotesPerLog) {
          return TooMuch("notes about one log", kGossipNotesPerLog);
        }
        if (field.bytes.size() > kGossipNoteBytesMax) {
          return TooMuch("bytes of a note", kGossipNoteBytesMax);
        }
        log->add_notes(std::string(field.bytes));
        break;
      case 3:
        if (log->convicted_size() == kConvictionKindCount) {
          return TooMuch("kinds of conviction", kConvictionKindCount);
        }
        log->add_convicted(static_cast<uint32_t>(field.number));
        break;
      case 4:
        if (log->convictions_size() == kConvictionKindCount) {
          return TooMuch("convictions of one log", kConvictionKindCount);
        }
        if (field.bytes.size() > kGossipConvictionBytesMax) {
          return TooMuch("bytes of a conviction", kGossipConvictionBytesMax);
        }
        log->add_convictions(std::string(field.bytes));
        break;
    }
  }
  if (reader.finding() != Finding::kOk) return NotGossip(reader.finding());
  if (log->origin().empty()) {
    return absl::InvalidArgumentError("gossip: about a log without an origin");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::GossipMessage> ParseGossip(absl::string_view bytes) {
  if (bytes.size() > kGossipMessageBytesMax) {
    return TooMuch("bytes", kGossipMessageBytesMax);
  }
  v1::GossipMessage message;
  WireReader reader(kGossipMessage, {bytes.data(), bytes.size()});
  WireField field;
  while (reader.Next(&field)) {
    if (static_cast<size_t>(message.logs_size()) == kGossipLogsPerMessage) {
      return TooMuch("logs", kGossipLogsPerMessage);
    }
    RETURN_IF_ERROR(ParseLog(field.bytes, message.add_logs()));
  }
  if (reader.finding() != Finding::kOk) return NotGossip(reader.finding());
  return message;
}

std::string FormatGossip(const v1::GossipMessage& message) {
  return message.SerializeAsString();
}

}  // namespace vidimus
