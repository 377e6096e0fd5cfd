// The life of one chain: recipes in a random order until it has as many
// accesses as it should. A recipe chooses what is to be said of its access, has
// the resident and the administration do what leads to that, and adds it.
//
// Here is what recipes are made of (life.cc), and their list. The recipes
// themselves: recipes_in_order.cc (what consent, law, or a race allows),
// recipes_violation.cc (what nothing allows), recipes_unproven.cc (what cannot
// be said, and what is not shown). Part of //tests/world:world, for it alone.
#ifndef TESTS_WORLD_LIFE_H_
#define TESTS_WORLD_LIFE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "proto/record.pb.h"
#include "tests/world/chain.h"
#include "tests/world/city.h"
#include "tests/world/world.h"

namespace vidimus {

// Sorts of data, by number (city.h).
using Sorts = std::vector<uint32_t>;

// A purpose and three sorts of data. Every grant of a chain has a slot of its
// own, so a recipe knows which grants its access meets: those of the same slot;
// all others end at the purpose or at the data.
struct Slot {
  uint32_t purpose = 0;
  Sorts data;
  std::string recipient;  // that the grant names, if any
  std::string grant;      // its statement id
};

// Slots are taken by their data alone.
inline constexpr size_t kSlots = 560;

// The days of the log's clock that a recipe jumps over are whole ones.
inline constexpr uint32_t kKeepDays = 30;
inline constexpr uint32_t kRecoveryDays = 3;
inline constexpr uint32_t kNoticeDays = 7;
// Batches from the start of a day before a recipe begins, so that as_of lies in
// the same day; and the most that a recipe takes from there.
inline constexpr uint32_t kBefore = 16;
inline constexpr uint32_t kSpan = 24;

enum class Timing { kFine, kStale, kLate, kBoth };

class Life {
 public:
  // `city` must outlive it.
  Life(const City& city, const World::Plan& plan, const WorldOptions& options,
       uint64_t seed);

  // Once.
  WorldChain Live();

 private:
  using Access = v1::AccessRecord;

  // Recipes return false, and have done nothing that counts, if this is not the
  // time for them.
  struct Recipe {
    const char* name;
    uint32_t weight;
    bool (Life::*cook)();
    bool live = false;  // also in a log that runs now
  };
  static const std::vector<Recipe>& Recipes();

  // --- Chance ----------------------------------------------------------------

  uint64_t Below(uint64_t n) { return n == 0 ? 0 : rng_() % n; }
  bool Coin() { return Below(2) == 0; }
  template <typename T, size_t kSize>
  const T& OneOf(const std::array<T, kSize>& things) {
    return things[Below(kSize)];
  }

  // --- Time ------------------------------------------------------------------

  // The last day is for Crowd().
  uint32_t End() const { return city_.FirstBatchOf(kWorldDays - 1); }

  // Goes to a batch, base_, from which on `span` lie in one day, and which so
  // many days follow. False if the log has no such place left.
  bool Window(uint32_t span, uint32_t days_after = 0);

  bool Step();

  // What must happen before the next recipe: a key, the last word.
  bool Begin();

  // What found no room, all in the last batches.
  void Crowd();

  // --- Accesses --------------------------------------------------------------

  uint32_t a() const { return plan_.administration; }

  void Add(const Access& access, Chosen chosen);

  // An access in `batch` as of the end of batch `as_of`, in time.
  Access At(uint32_t as_of, uint32_t batch, Timing timing = Timing::kFine);

  // How far behind as_of the access's batch is.
  uint32_t Gap(Timing timing);

  void Use(uint32_t purpose, const Sorts& data, Access* access);

  // No grant has more than three.
  Sorts FourSorts();

  void Basis(const char* basis, std::optional<uint32_t> provision,
             Access* access);
  void Consent(Access* access);
  void Law(uint32_t provision, Access* access);

  // A purpose that counts today: one that was always there, or one that was
  // published long enough ago.
  uint32_t PurposeToday();

  // A purpose's document that is not at hand may be the one that was meant.
  bool LostPurposeToday() const;

  // --- What may be chosen ----------------------------------------------------

  static Chosen Fine(const char* law, const char* wish, const char* headline);
  Chosen Violation(const char* failed) const;
  Chosen Unproven(const char* failed) const;
  static Chosen Closed(const char* content);
  static void Time(Timing timing, Chosen* chosen);

  // --- What the resident says ------------------------------------------------

  bool MayGrant() const;
  bool MaySay() const;

  Slot FreshSlot(uint32_t purpose);
  v1::Grant GrantOf(const Slot& slot);

  // Yes, now.
  Slot GrantNow(uint32_t purpose, const WorldKey& key);
  void Granted(uint32_t purpose);

  // A grant that stands at the end of batch base_, new or not.
  bool LiveSlot(Slot* slot);

  // It was taken back; all were.
  void Void(const Slot& slot);
  void VoidAll();

  Access SlotAccess(const Slot& slot, uint32_t as_of, uint32_t batch,
                    Timing timing = Timing::kFine);

  // How far the chain's grants come with an access to more data than any of
  // them has, for `purpose`.
  const char* Floor(uint32_t purpose) const;

  // No: a prohibition that concerns an access for this purpose to these data
  // (and all of them, if that is how it comes), in the batch where the writer
  // is; and its end.
  std::string Restrain(uint32_t purpose, const Sorts& data,
                       const std::string& recipient, bool object = false);
  void Lift(const std::string& no);

  // --- recipes_in_order.cc ---------------------------------------------------

  bool UnderConsent() { return Consented(Timing::kFine); }
  bool UnderLaw() { return Lawful(Timing::kFine); }
  bool Stale();
  bool Late();
  bool StaleAcrossLogs();
  bool NewLawInForce();
  bool SecondGrantStands();
  bool ChangedMind();
  bool Guardian();
  bool LostPhone();
  bool Race() { return Raced(Timing::kFine, nullptr); }
  bool StaleRace() { return Raced(Timing::kStale, "stale"); }
  bool LateRace() { return Raced(Timing::kLate, "late"); }
  bool AgainstWish();

  bool Consented(Timing timing);
  bool Lawful(Timing timing);
  bool Raced(Timing timing, const char* failed);
  bool RacedLater(const Slot& slot, const WorldKey& device, Timing timing,
                  const char* failed);
  const char* AnyBasis(Access* access);
  void Mention(uint32_t purpose);

  // --- recipes_violation.cc --------------------------------------------------

  bool Prohibited();
  bool TwoDevices();
  bool NotGranted();
  bool GrantedToOthers();
  bool OtherRecipient();
  bool OtherPurpose();
  bool MoreData();
  bool OutOfTime();
  bool TooNew();
  bool Withdrawn();
  bool Revoked();
  bool NotTheResidents();
  bool FailedLaw();

  void FailedBasis(const char* floor, Access* access);
  bool PublishedToday(uint32_t* k) const;
  v1::Statement WithSpareNumber(v1::Statement statement);

  // --- recipes_unproven.cc ---------------------------------------------------

  bool NoRecord();
  bool WrongAsOf() { return Amiss(&Life::SpoilAsOf, "as of"); }
  bool UnknownOperation() { return Amiss(&Life::SpoilOperation, "operation"); }
  bool UnknownModel() { return Amiss(&Life::SpoilModel, "AI system"); }
  bool NotConnected() { return Amiss(&Life::SpoilSystem, "source system"); }
  bool UnknownBasis();
  bool Unreadable();
  bool Unverified();
  bool Forged();
  bool Missing();
  bool Withheld();
  bool Restricted();
  bool Erased();

  bool Amiss(void (Life::*spoil)(Access*), const char* failed);
  void SpoilAsOf(Access* access);
  void SpoilOperation(Access* access);
  void SpoilModel(Access* access);
  void SpoilSystem(Access* access);
  bool UnprovenLaw(const char* failed);
  void Hidden(const Chosen& chosen);
  v1::Ground Why(std::optional<uint32_t> provision);

  static constexpr std::array<uint32_t, City::kLanes> lanes_ = {0, 1, 2, 3, 4,
                                                                5, 6, 7, 8, 9};

  const City& city_;
  const World::Plan plan_;
  const size_t statements_max_;
  const bool live_world_;
  std::mt19937_64 rng_;
  ChainWriter w_;

  const char* how_ = "";
  uint64_t made_ = 0;
  uint64_t until_ = 0;
  uint64_t last_ = 0;    // number of the newest access in its log
  uint32_t cursor_ = 2;  // the first batch that is free
  uint32_t base_ = 2;    // where the recipe began
  uint64_t slots_ = 0;
  uint64_t slot_offset_ = 0;
  uint64_t spare_ = 0;

  // The resident.
  bool captured_ = false;  // the city itself enrolled the key
  uint64_t enrolled_from_ = 0;
  uint64_t silent_until_ = 0;
  uint64_t banned_from_ = 0;
  bool enrolled_ = false;
  bool banned_ = false;  // everything is prohibited, to the end
  WorldKey key_;
  bool foreign_grants_ = false;
  bool own_grants_ = false;
  std::optional<uint32_t> no_in_log_;  // the last log with a prohibition
  std::vector<uint32_t> granted_purposes_;
  std::vector<Slot> live_;
  std::vector<Slot> withdrawn_;
  std::vector<Slot> revoked_;
};

}  // namespace vidimus

#endif  // TESTS_WORLD_LIFE_H_
