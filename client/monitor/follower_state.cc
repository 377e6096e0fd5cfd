#include "client/monitor/follower_state.h"

#include "verifier/crypto.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr std::string_view kState = "vidimus/v1 follower\n";
constexpr std::string_view kStopped = "vidimus/v1 stopped\n";
constexpr size_t kRunBytes = 8 + 8 + kHashBytes;

void AppendPart(std::string_view part, std::string* out) {
  AppendBe32(static_cast<uint32_t>(part.size()), out);
  *out += part;
}

bool Take(std::string_view* rest, size_t size, std::string_view* taken) {
  if (rest->size() < size) return false;
  *taken = rest->substr(0, size);
  rest->remove_prefix(size);
  return true;
}

bool TakePart(std::string_view* rest, std::string* part) {
  std::string_view taken;
  if (!Take(rest, 4, &taken)) return false;
  if (!Take(rest, Be32(taken), &taken)) return false;
  *part = std::string(taken);
  return true;
}

bool TakeNumber(std::string_view* rest, uint64_t* number) {
  std::string_view taken;
  if (!Take(rest, 8, &taken)) return false;
  *number = Be64(taken);
  return true;
}

// The format's name in front, the hash of all at the end.
std::string Closed(std::string bytes) {
  const Hash hash = Sha256(bytes);
  bytes += Bytes(hash);
  return bytes;
}

bool Opened(std::string_view bytes, std::string_view name,
            std::string_view* content) {
  if (bytes.size() < name.size() + kHashBytes) return false;
  const std::string_view hashed = bytes.substr(0, bytes.size() - kHashBytes);
  if (Bytes(Sha256(hashed)) != bytes.substr(hashed.size())) return false;
  *content = hashed.substr(name.size());
  return hashed.substr(0, name.size()) == name;
}

}  // namespace

std::string FormatFollowerState(const FollowerState& state) {
  std::string bytes(kState);
  AppendBe64(state.verified_s, &bytes);
  AppendPart(state.verified_note, &bytes);
  AppendPart(state.target_note, &bytes);
  AppendPart(state.audit, &bytes);
  AppendBe64(state.checked, &bytes);
  AppendBe16(static_cast<uint16_t>(state.runs.size()), &bytes);
  for (const FollowerState::Run& run : state.runs) {
    AppendBe64(run.number, &bytes);
    AppendBe64(run.count, &bytes);
    bytes += Bytes(run.root);
  }
  return Closed(std::move(bytes));
}

std::optional<FollowerState> ParseFollowerState(std::string_view bytes) {
  FollowerState state;
  std::string_view rest, taken;
  if (!Opened(bytes, kState, &rest) || !TakeNumber(&rest, &state.verified_s) ||
      !TakePart(&rest, &state.verified_note) ||
      !TakePart(&rest, &state.target_note) || !TakePart(&rest, &state.audit) ||
      !TakeNumber(&rest, &state.checked) || !Take(&rest, 2, &taken)) {
    return std::nullopt;
  }
  const size_t count = Be16(taken);
  if (rest.size() != count * kRunBytes) return std::nullopt;
  for (size_t i = 0; i < count; ++i) {
    FollowerState::Run run;
    TakeNumber(&rest, &run.number);
    TakeNumber(&rest, &run.count);
    Take(&rest, kHashBytes, &taken);
    run.root = *HashFromBytes(taken);
    if ((run.number == 0) != (run.count == 0)) return std::nullopt;
    state.runs.push_back(run);
  }
  return state;
}

std::string FormatStoppedRecord(const StoppedRecord& record) {
  std::string bytes(kStopped);
  AppendPart(record.sentence, &bytes);
  AppendPart(record.conviction, &bytes);
  AppendPart(record.note, &bytes);
  return Closed(std::move(bytes));
}

std::optional<StoppedRecord> ParseStoppedRecord(std::string_view bytes) {
  StoppedRecord record;
  std::string_view rest;
  if (!Opened(bytes, kStopped, &rest) || !TakePart(&rest, &record.sentence) ||
      !TakePart(&rest, &record.conviction) || !TakePart(&rest, &record.note) ||
      !rest.empty() || record.sentence.empty()) {
    return std::nullopt;
  }
  return record;
}

}  // namespace vidimus
