// One chain of the sample world, written entry by entry: what stands between a
// resident and an administration in each log of a city's family. Signs what
// residents say as a wallet would; decides nothing about what counts.
//
// Whoever builds an access says with it which verdict it was built for. Not
// thread-safe; a city may serve several writers at once.
#ifndef TESTS_WORLD_CHAIN_H_
#define TESTS_WORLD_CHAIN_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proto/record.pb.h"
#include "tests/world/city.h"
#include "verifier/signing.h"

namespace vidimus {

// What a verdict shall be, in the words of docs/verdicts.md.
struct Chosen {
  const char* content = "open";
  const char* law = "unproven";
  const char* wish = "silent";
  bool race = false;
  bool stale = false;
  bool late = false;
  const char* headline = "unproven";
  const char* failed = "none";
  const char* how = "";  // which recipe built it, for whoever looks for it
};

enum class WorldContent : uint8_t {
  kOpen,
  kWithheld,
  kRestricted,
  kErased,
  kMissing,
  kForged,
};

struct WorldEntry {
  uint32_t log = 0;
  uint32_t batch = 0;
  uint64_t number = 0;  // in the chain of its log
  // What a reader of the chain finds, and of content that is closed the number
  // of the notice that says so.
  WorldContent content = WorldContent::kOpen;
  uint64_t notice = 0;
  std::string record;
  std::string actor;
  bool judged = false;  // whether it gets a verdict, and then which
  Chosen chosen;
};

struct WorldChain {
  uint32_t administration = 0;
  std::string subject;  // scheme(1) id
  std::vector<WorldEntry> entries;
};

// How residents' statements are signed: as wallets do, or by a hash that stands
// in for ES256, so that a million of them cost nothing.
enum class WorldSigning : uint8_t { kEd25519, kHashed };

// Judges a hashed signature; fits Es256Verify of verifier/statement.h.
bool HashedVerify(std::string_view public_key, std::string_view message,
                  std::string_view signature);

// A key that signs statements. Copies share it.
class WorldKey {
 public:
  WorldKey() = default;
  WorldKey(WorldSigning signing, const std::string& seed);

  uint32_t kind() const { return kind_; }
  const std::string& public_key() const { return public_key_; }
  std::string Sign(std::string_view message) const;

  // The statement that brought it to the chain.
  std::string id;

 private:
  uint32_t kind_ = 0;
  std::string public_key_;
  std::shared_ptr<const Ed25519Signer> signer_;
};

// A subject under the test scheme: a number as a UUID.
std::string WorldSubject(uint64_t resident);

class ChainWriter {
 public:
  // `city` must outlive it. `seed` makes ids.
  ChainWriter(const City& city, uint64_t resident, uint32_t administration,
              WorldSigning signing, uint64_t seed);

  // --- Where it stands -------------------------------------------------------

  const City& city() const { return city_; }
  uint32_t administration() const { return chain_.administration; }
  const std::string& subject() const { return chain_.subject; }
  WorldSigning signing() const { return signing_; }
  uint32_t log_number() const { return log_; }
  const WorldLog& log() const { return city_.logs()[log_]; }
  uint32_t batch() const { return batch_; }
  uint64_t TimeOf(uint32_t batch) const { return log().times_s[batch]; }

  // Later entries stand in `batch`, no earlier than now.
  void MoveTo(uint32_t batch);
  // The next log of the family, at the first batch of its first day.
  void OpenNextLog();

  // --- What the resident says ------------------------------------------------

  WorldKey NewKey();

  // Fills in id, sequence, the one before and the words that were shown. What
  // has an id or a sequence already keeps it.
  void Frame(v1::Statement* statement);

  // Framed, signed by a key or an identity service, in the batch where it
  // stands. Returns the statement's id.
  std::string Say(v1::Statement statement, const WorldKey& key);
  std::string SayAsService(v1::Statement statement, uint32_t service);

  // A first key, which an identity service vouches for.
  WorldKey Enrol(uint32_t service = City::kState);
  // A further device, a recovered key, somebody who may speak.
  WorldKey AddKey(const WorldKey& by);
  WorldKey Recover(uint32_t service);
  WorldKey Delegate(const v1::Scope& scope, uint64_t until_s,
                    const WorldKey& by);
  void Revoke(const WorldKey& key, const WorldKey& by);

  std::string Grant(const v1::Grant& grant, const WorldKey& key);
  std::string Withdraw(const std::string& statement_id, const WorldKey& key);
  std::string WithdrawAll(const WorldKey& key);
  std::string Prohibit(const v1::Scope& scope, const WorldKey& key);
  std::string Object(const v1::Scope& scope, const WorldKey& key);
  std::string Dispute(uint64_t entry, const WorldKey& key);

  // A statement that does not count, signed as told: for another family, by
  // anybody's key. The chain goes on as if it did not stand there.
  void Forge(v1::Statement statement, const std::string& family,
             const WorldKey& key);
  // As signed by the identity service that it names.
  void ForgeAsService(const v1::Statement& statement, const WorldKey& service);
  // The bytes of entry `number` of this log once more.
  void Replay(uint64_t number);

  // --- What the administration and the log write -----------------------------

  // A usual access as of the batch before, with an entry id; its purpose, data
  // and basis are the caller's to say.
  v1::AccessRecord Access();
  // The same as of the end of `as_of`, a batch of this log.
  v1::AccessRecord AccessAsOf(uint32_t as_of);

  // Returns its number in the chain of this log.
  uint64_t Add(const v1::AccessRecord& access, const Chosen& chosen);
  // What is no record at all.
  uint64_t AddBytes(const std::string& record, const Chosen& chosen);

  // Entry `number` of this log is no longer shown as open content.
  void Close(uint64_t number, WorldContent content);
  // A notice about entry `number`, in `batch`, which is not before now. It is
  // put in its place as the writer moves on.
  v1::Notice NoticeAbout(uint64_t number, uint32_t batch) const;
  void AddLater(uint64_t number, const v1::Notice& notice, uint32_t batch);

  // Ends the chain: what was to come later is written. Call once.
  WorldChain Finish();

  // Entries so far in this log, and in all.
  uint64_t entries_in_log() const { return number_; }
  size_t statements() const { return statements_; }

 private:
  struct Pending {
    uint64_t number;
    v1::Notice notice;
    uint32_t batch;
  };

  std::string Id();
  std::string AddStatement(const v1::Statement& statement,
                           const std::string& family, const WorldKey& key,
                           bool counts);
  WorldEntry& Append(std::string record);
  void FlushUpTo(uint32_t batch);
  WorldEntry& At(uint64_t number);

  const City& city_;
  const WorldSigning signing_;
  const uint64_t seed_;
  WorldChain chain_;
  uint32_t log_ = 0;
  uint32_t batch_;
  uint64_t number_ = 0;      // of the next entry in this log
  size_t first_of_log_ = 0;  // its place in chain_.entries
  uint64_t ids_ = 0;
  uint64_t sequence_ = 0;
  std::string previous_;
  size_t statements_ = 0;
  std::vector<Pending> pending_;
};

}  // namespace vidimus

#endif  // TESTS_WORLD_CHAIN_H_
