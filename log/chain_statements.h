// The statements of one chain as the server judges them: found among the
// chain's entries, opened, and judged by verifier/standing.h with the register
// as it stands. For who files another (statement_service.h) and who erases
// (vault_keeper.h).
//
// Which entries are statements is written nowhere but in the vault. What is
// written there with each entry is how many before it are known to be accesses,
// so that finding all statements takes about two openings for each of them, not
// one for each entry of the chain. Where the server did not know (after a
// start, or when it had forgotten the chain) it takes one opening more.
//
// Threads: any; from a thread of side_work.h. Milliseconds for a usual chain.
#ifndef VIDIMUS_LOG_CHAIN_STATEMENTS_H_
#define VIDIMUS_LOG_CHAIN_STATEMENTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/log.h"
#include "verifier/hash.h"
#include "verifier/standing.h"

namespace vidimus {

// A statement that stands in a chain, and is public.
struct FiledStatement {
  uint64_t number = 0;  // in its chain
  uint64_t leaf_index = 0;
  uint64_t position = 0;     // the size before its batch
  uint64_t seal_time_s = 0;  // of its batch
  std::string record_salt, record, actor_salt;
};

class ChainStatements {
 public:
  // Those of the chain between `subject` and `administration`, whose key is
  // `key`, at the newest head. `log` is an access log and not owned.
  // kDataLoss, or what storage and index say.
  static absl::StatusOr<ChainStatements> Read(Log* log,
                                              std::string_view subject,
                                              uint32_t administration,
                                              const Hash& key);

  // Entries of the chain, and the size that they stand at.
  uint64_t entries() const { return entries_; }
  uint64_t size() const { return size_; }
  // Ascending.
  const std::vector<FiledStatement>& filed() const { return filed_; }

  // Judges them, and with them `more`: records that would stand in the next
  // batch, sealed at `now_s`. `entry` of an answer is a place in filed(), or
  // filed().size() and more a place in `more`; what can't be parsed is left
  // out. The answers are views into this and `more`. Reads the register's
  // documents that they name. One signature check for each statement.
  absl::StatusOr<std::vector<StandingStatement>> Judge(
      const std::vector<std::string_view>& more, uint64_t now_s) const;

  // The entries about which a dispute is under way, ascending: they must not be
  // erased.
  absl::StatusOr<std::vector<uint64_t>> Disputed() const;

  // Whether statement `statement_id` is the resident's own wish, in force, that
  // entry `number` be erased. kFailedPrecondition says why not.
  absl::Status JudgeWish(std::string_view statement_id, uint64_t number) const;

 private:
  ChainStatements() = default;

  Log* log_ = nullptr;
  std::string subject_;
  uint32_t administration_ = 0;
  uint64_t entries_ = 0;
  uint64_t size_ = 0;
  std::vector<FiledStatement> filed_;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_CHAIN_STATEMENTS_H_
