// Any bytes as a history: the verdicts are total and never say more than their
// parts. A byte says what comes next, then its content; see Draw.
// tests/vectors/verdicts.py writes the corpus.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "verifier/check.h"
#include "verifier/history.h"
#include "verifier/opening.h"
#include "verifier/record.h"
#include "verifier/register.h"
#include "verifier/verdict.h"

namespace vidimus {
namespace {

class Input {
 public:
  explicit Input(std::string_view bytes) : rest_(bytes) {}

  bool Empty() const { return rest_.empty(); }
  // What is missing is zero.
  uint64_t Number(size_t bytes) {
    uint64_t number = 0;
    for (const char c : Take(bytes)) {
      number = number << 8 | static_cast<uint8_t>(c);
    }
    return number;
  }
  std::string_view Long() { return Take(Number(2)); }

 private:
  std::string_view Take(size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view rest_;
};

// s: the batch ends (leaves, seconds); t: the time (8 bytes); e: an open entry;
// c: a closed one (content, notice); d: a document (type, number, message);
// D: one that is not at hand; l: the next log (origin).
History Draw(Input* bytes) {
  constexpr size_t kItemsMax = 200;
  History history;
  history.subject = "\x01id";
  history.administration = 3;
  uint64_t size = 2, time_s = 0;
  size_t entries_sealed = 0, documents_sealed = 0;
  for (size_t i = 0; i < kItemsMax && !bytes->Empty(); ++i) {
    const auto what = static_cast<char>(bytes->Number(1));
    if (history.logs.empty() && what != 'l') continue;
    HistoryLog* const log =
        history.logs.empty() ? nullptr : &history.logs.back();
    switch (what) {
      case 'l': {
        HistoryLog& next = history.logs.emplace_back();
        next.origin = bytes->Long();
        next.limits = {7 * 86400, 60, 1800, 5, 3 * 86400, 30 * 86400};
        size = 2;
        next.seals.push_back({size, time_s});
        entries_sealed = documents_sealed = 0;
        break;
      }
      case 's': {
        size += bytes->Number(1) + 1;
        time_s += bytes->Number(4);
        log->seals.push_back({size, time_s});
        log->head_time_s = time_s;
        for (; entries_sealed < log->entries.size(); ++entries_sealed) {
          log->entries[entries_sealed].seal_time_s = time_s;
        }
        for (; documents_sealed < log->documents.size(); ++documents_sealed) {
          log->documents[documents_sealed].seal_time_s = time_s;
        }
        break;
      }
      case 't':
        time_s = bytes->Number(8);
        break;
      case 'e': {
        HistoryEntry& entry = log->entries.emplace_back();
        entry.position = size;
        entry.content = Content::kOpen;
        entry.record = bytes->Long();
        break;
      }
      case 'c': {
        HistoryEntry& entry = log->entries.emplace_back();
        entry.position = size;
        entry.content = static_cast<Content>(bytes->Number(1) % kContentCount);
        entry.notice = bytes->Number(1);
        break;
      }
      case 'd':
      case 'D': {
        HistoryDocument& document = log->documents.emplace_back();
        document.id = {static_cast<RegisterType>(bytes->Number(1) % 9),
                       static_cast<uint32_t>(bytes->Number(1)), i};
        document.position = size;
        if (what == 'd') document.message = bytes->Long();
        break;
      }
      default:
        break;
    }
  }
  return history;
}

void ExpectSound(const History& history, const Verdicts& verdicts) {
  size_t entries = 0, statements = 0;
  for (const HistoryLog& log : history.logs) {
    for (const HistoryEntry& entry : log.entries) {
      const bool open = entry.content == Content::kOpen;
      const RecordContent kind =
          open ? ContentOf(entry.record) : RecordContent::kAccess;
      if (kind == RecordContent::kStatement) ++statements;
      if (!open || (kind != RecordContent::kStatement &&
                    kind != RecordContent::kNotice)) {
        ++entries;
      }
    }
  }
  CHECK_EQ(verdicts.verdicts.size(), entries);
  CHECK_LE(verdicts.statements.size(), statements);
  for (const Verdict& verdict : verdicts.verdicts) {
    CHECK_EQ(verdict.failed != Dimension::kNone,
             verdict.headline == Headline::kViolation ||
                 verdict.headline == Headline::kUnproven);
    CHECK(!verdict.Fine() || verdict.content == Content::kOpen);
    if (verdict.headline == Headline::kUnderConsent) {
      CHECK(verdict.wish == Wish::kGranted);
      CHECK(verdict.grant.has_value());
      const StandingStatement& grant = verdicts.statements[*verdict.grant];
      CHECK(grant.finding == Finding::kOk);
      CHECK(grant.statement.event == StatementEvent::kGrant);
      CHECK(grant.identity_service.has_value());
    }
    if (verdict.headline == Headline::kUnderLaw) {
      CHECK(verdict.law == Law::kCovered);
      CHECK(verdict.wish == Wish::kSilent);
      CHECK(verdict.provision.has_value());
    }
    if (verdict.Fine()) CHECK(!verdict.race && !verdict.stale && !verdict.late);
  }
}

}  // namespace
}  // namespace vidimus

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vidimus;  // NOLINT: a function of libFuzzer's
  Input bytes({reinterpret_cast<const char*>(data), size});
  const History history = Draw(&bytes);
  // Every ES256 signature is good here; no fuzzer would find one.
  const Es256Verify yes = [](std::string_view, std::string_view,
                             std::string_view) { return true; };
  ExpectSound(history, JudgeHistory(history, yes));
  return 0;
}
