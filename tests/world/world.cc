#include "tests/world/world.h"

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "verifier/check.h"

namespace vidimus {
namespace {

using Access = v1::AccessRecord;

// A purpose and three sorts of data. Every grant of a chain has a slot of its
// own, so a recipe knows which grants its access meets: those of the same slot;
// all others end at the purpose or at the data.
struct Slot {
  uint32_t purpose = 0;
  std::array<uint32_t, 3> data = {};
  std::string recipient;  // that the grant names, if any
  std::string grant;      // its statement id
};

// Slots are taken by their data alone.
constexpr size_t kSlots = 560;

// In which order a violation names what failed (docs/verdicts.md).
constexpr std::array<const char*, 12> kOrder = {
    "ground",    "provision", "basis",    "administration",
    "recipient", "purpose",   "category", "time",
    "notice",    "withdrawn", "revoked",  "prohibited"};

size_t PlaceOf(std::string_view dimension) {
  const auto place = std::find(kOrder.begin(), kOrder.end(), dimension);
  CHECK(place != kOrder.end());
  return static_cast<size_t>(place - kOrder.begin());
}

const char* Further(const char* a, const char* b) {
  return PlaceOf(a) < PlaceOf(b) ? b : a;
}

// The days of the log's clock that a recipe jumps over are whole ones.
constexpr uint32_t kKeepDays = 30;
constexpr uint32_t kRecoveryDays = 3;
constexpr uint32_t kNoticeDays = 7;
// Batches from the start of a day before a recipe begins, so that as_of lies in
// the same day; and the most that a recipe takes from there.
constexpr uint32_t kBefore = 16;
constexpr uint32_t kSpan = 24;
// So many batches apart is too old.
constexpr uint32_t kStaleBatches = 13;

enum class Timing { kFine, kStale, kLate, kBoth };

// The life of one chain: recipes in a random order until it has as many
// accesses as it should.
class Life {
 public:
  Life(const City& city, const World::Plan& plan, const WorldOptions& options,
       uint64_t seed)
      : city_(city),
        plan_(plan),
        statements_max_(options.statements_max),
        live_world_(options.live),
        rng_(seed),
        w_(city, plan.resident, plan.administration, options.signing, seed) {
    slot_offset_ = Below(kSlots);
    captured_ = Below(20) == 0;
    enrolled_from_ = Below(4) == 0 ? plan.accesses / 8 : 0;
    silent_until_ =
        Below(5) == 0 ? plan.accesses : Below(1 + plan.accesses * 2 / 5);
    banned_from_ =
        Below(5) == 0 ? plan.accesses - plan.accesses / 6 : plan.accesses;
  }

  WorldChain Live() {
    for (uint32_t log = 0; log < kWorldLogs; ++log) {
      if (log > 0) {
        w_.OpenNextLog();
        cursor_ = w_.batch();
      }
      until_ = log + 1 < kWorldLogs && !live_world_ ? plan_.accesses / 2
                                                    : plan_.accesses;
      while (made_ < until_ && Step()) {
      }
      if (live_world_) break;
    }
    Crowd();
    CHECK_EQ(made_, plan_.accesses);
    return w_.Finish();
  }

 private:
  struct Recipe {
    const char* name;
    uint32_t weight;
    bool (Life::*cook)();
    bool live = false;  // also in a log that runs now
  };

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

  // Goes to a batch from which on `span` lie in one day, at least `skip` after
  // the last recipe. False if the log has no such place left.
  bool Window(uint32_t span, uint32_t days_after = 0) {
    const uint32_t per_day = city_.batches_per_day();
    uint32_t start = std::max(cursor_, w_.batch());
    const uint32_t i = (start - 2) % per_day;
    if (i < kBefore) start += kBefore - i;
    if ((start - 2) % per_day + span > per_day) {
      start = city_.FirstBatchOf(city_.DayOf(start) + 1) + kBefore;
    }
    if (start + span + days_after * per_day >= End()) return false;
    w_.MoveTo(start);
    base_ = start;
    return true;
  }

  bool Step() {
    const uint64_t room = End() > cursor_ ? End() - cursor_ : 0;
    if (room < city_.batches_per_day() + kSpan) return false;
    const uint64_t left = until_ - made_;
    cursor_ += static_cast<uint32_t>(Below(1 + room * 13 / (10 * (left + 1))));
    if (!Begin()) return false;
    // Weighted choice; what does not fit now lets another go first.
    const std::vector<Recipe>& recipes = Recipes();
    uint64_t whole = 0;
    for (const Recipe& recipe : recipes) whole += recipe.weight;
    for (int tries = 0; tries < 40; ++tries) {
      uint64_t at = Below(whole);
      const Recipe* chosen = nullptr;
      for (const Recipe& recipe : recipes) {
        chosen = &recipe;
        if (at < recipe.weight) break;
        at -= recipe.weight;
      }
      if (live_world_ && !chosen->live) continue;
      how_ = chosen->name;
      if ((this->*chosen->cook)()) {
        cursor_ = std::max(cursor_, w_.batch() + 1);
        return true;
      }
    }
    how_ = "lawful";
    const bool done = UnderLaw() || UnknownBasis();
    cursor_ = std::max(cursor_, w_.batch() + 1);
    return done;
  }

  // What must happen before the next recipe: a key, the last word.
  bool Begin() {
    if (!enrolled_ && made_ >= enrolled_from_) {
      if (!Window(4)) return false;
      key_ = w_.Enrol(captured_ ? City::kOwn : City::kState);
      enrolled_ = true;
      w_.MoveTo(base_ + 1);
      cursor_ = base_ + 1;
    }
    if (enrolled_ && !banned_ && made_ >= banned_from_) {
      if (!Window(4)) return false;
      w_.Prohibit(v1::Scope(), key_);
      banned_ = true;
      w_.MoveTo(base_ + 1);
      cursor_ = base_ + 1;
    }
    return true;
  }

  // What found no room, all in the last batches.
  void Crowd() {
    how_ = "crowd";
    while (made_ < plan_.accesses) {
      const uint32_t first = city_.FirstBatchOf(kWorldDays - 1) + kBefore;
      base_ = std::max(first, w_.batch());
      w_.MoveTo(base_);
      Access access = w_.AccessAsOf(base_ - 1);
      Basis("A6-1-x", City::Law(a()), &access);
      Use(OneOf(lanes_), FourSorts(), &access);
      Add(access, Unproven("unknown basis"));
    }
  }

  // --- Accesses --------------------------------------------------------------

  uint32_t a() const { return plan_.administration; }

  void Add(const Access& access, Chosen chosen) {
    chosen.how = how_;
    last_ = w_.Add(access, chosen);
    ++made_;
  }

  // An access in `batch` as of the end of batch `as_of`, in time.
  Access At(uint32_t as_of, uint32_t batch, Timing timing = Timing::kFine) {
    w_.MoveTo(batch);
    Access access = w_.AccessAsOf(as_of);
    const uint64_t seen = w_.TimeOf(as_of);
    const uint64_t sealed = w_.TimeOf(batch);
    const WorldLog& log = w_.log();
    uint64_t when = sealed;
    switch (timing) {
      case Timing::kFine: {
        const std::array<uint64_t, 7> choices = {
            sealed, sealed - 1,          sealed - 3,        sealed + log.skew_s,
            seen,   sealed - log.late_s, seen + log.fresh_s};
        when = OneOf(choices);
        if (when > seen + log.fresh_s) when = seen + log.fresh_s;
        if (when > sealed + log.skew_s) when = sealed;
        break;
      }
      case Timing::kStale: {
        const std::array<uint64_t, 3> choices = {seen + log.fresh_s + 1, sealed,
                                                 sealed + log.skew_s};
        when = OneOf(choices);
        break;
      }
      case Timing::kLate: {
        const std::array<uint64_t, 4> choices = {
            sealed - log.late_s - 1, sealed - 2 * log.late_s, sealed - 86400,
            sealed + log.skew_s + 1};
        when = OneOf(choices);
        break;
      }
      case Timing::kBoth:
        when = sealed + log.skew_s + 1 + Below(1000);
        break;
    }
    access.set_occurred_at_ms(when * 1000 + Below(1000));
    access.set_operation(static_cast<v1::Operation>(1 + Below(5)));
    switch (Below(8)) {
      case 0:
        access.set_actor_kind(v1::RPA);
        break;
      case 1:
        access.set_actor_kind(Coin() ? v1::AI_ASSISTED : v1::AI_AUTONOMOUS);
        access.set_ai_system_id(City::AiSystemId(a() % 2));
        break;
      case 2:
        access.clear_actor_kind();
        break;
      case 3:
        access.set_source_origin("a system that no document names");
        break;
      case 4:
        access.clear_source_origin();
        break;
      case 5:
        access.set_outcome(Coin() ? v1::DENIED : v1::FAILED);
        break;
      default:
        break;
    }
    return access;
  }

  // How far behind as_of the access's batch is.
  uint32_t Gap(Timing timing) {
    return timing == Timing::kStale || timing == Timing::kBoth
               ? kStaleBatches + static_cast<uint32_t>(Below(2))
               : 1 + static_cast<uint32_t>(Below(3));
  }

  template <typename Data>
  void Use(uint32_t purpose, const Data& data, Access* access) {
    access->set_purpose(City::LaneTerm(purpose));
    if (Below(3) == 0) access->set_purpose_number(purpose);
    access->clear_data_category();
    for (const uint32_t sort : data) {
      access->add_data_category(City::CategoryTerm(sort));
    }
  }

  // No grant has more than three.
  std::array<uint32_t, 4> FourSorts() {
    std::array<uint32_t, 4> sorts;
    const uint32_t first = static_cast<uint32_t>(Below(City::kCategories));
    for (uint32_t i = 0; i < 4; ++i) {
      sorts[i] = (first + i * 3) % City::kCategories;
    }
    return sorts;
  }

  void Basis(const char* basis, std::optional<uint32_t> provision,
             Access* access) {
    v1::LegalBasis* one = access->add_legal_basis();
    one->set_basis(basis);
    if (provision.has_value()) one->set_provision(*provision);
  }
  void Consent(Access* access) {
    Basis(Coin() ? "A6-1-a" : "A9-2-a", std::nullopt, access);
  }
  void Law(uint32_t provision, Access* access) {
    Basis(Coin() ? "A6-1-c" : "A6-1-e", provision, access);
  }

  // A purpose that counts today: one that was always there, or one that was
  // published long enough ago.
  uint32_t PurposeToday() {
    if (!live_world_ && Below(4) == 0) {
      const uint32_t day = city_.DayOf(base_);
      const uint32_t age = City::kNewDays + kNoticeDays;
      if (day >= age) {
        const uint32_t known = (day - kNoticeDays) / City::kNewDays;
        return City::NewPurpose(
            w_.log_number(),
            static_cast<uint32_t>(Below(std::min(known, City::kNewInLog))));
      }
      if (w_.log_number() > 0) {
        return City::NewPurpose(0,
                                static_cast<uint32_t>(Below(City::kNewInLog)));
      }
    }
    return OneOf(lanes_);
  }

  // --- What may be chosen ----------------------------------------------------

  static Chosen Fine(const char* law, const char* wish, const char* headline) {
    Chosen chosen;
    chosen.law = law;
    chosen.wish = wish;
    chosen.headline = headline;
    return chosen;
  }
  Chosen Violation(const char* failed) const {
    Chosen chosen =
        Fine("not covered", banned_ ? "against" : "silent", "violation");
    chosen.failed = banned_ ? "prohibited" : failed;
    return chosen;
  }
  Chosen Unproven(const char* failed) const {
    Chosen chosen =
        Fine("unproven", banned_ ? "against" : "silent", "unproven");
    chosen.failed = failed;
    return chosen;
  }
  static Chosen Closed(const char* content) {
    Chosen chosen;
    chosen.content = content;
    chosen.headline = content;
    return chosen;
  }
  static void Time(Timing timing, Chosen* chosen) {
    chosen->stale = timing == Timing::kStale || timing == Timing::kBoth;
    chosen->late = timing == Timing::kLate || timing == Timing::kBoth;
    if (chosen->late) {
      chosen->headline = "late";
    } else if (chosen->stale) {
      chosen->headline = "stale";
    }
  }

  // --- Grants ----------------------------------------------------------------

  bool MayGrant() const {
    return enrolled_ && !captured_ && !banned_ && made_ >= silent_until_;
  }
  bool MaySay() const {
    return enrolled_ && !banned_ && w_.statements() < statements_max_;
  }

  Slot FreshSlot(uint32_t purpose) {
    const uint32_t number = (slots_++ + slot_offset_) % kSlots;
    Slot slot;
    slot.purpose = purpose;
    uint32_t at = 0;
    for (uint32_t x = 0; x < City::kCategories; ++x) {
      for (uint32_t y = x + 1; y < City::kCategories; ++y) {
        for (uint32_t z = y + 1; z < City::kCategories; ++z) {
          if (at++ == number) slot.data = {x, y, z};
        }
      }
    }
    return slot;
  }

  v1::Grant GrantOf(const Slot& slot) {
    v1::Grant grant;
    grant.add_administration(a());
    if (Below(3) == 0) grant.add_administration((a() + 1) % 8);
    v1::Scope* scope = grant.mutable_scope();
    if (!slot.recipient.empty()) {
      scope->add_recipient("test:nobody");
      scope->add_recipient(slot.recipient);
    }
    scope->add_purpose(City::LaneTerm(slot.purpose));
    for (const uint32_t sort : slot.data) {
      scope->add_data_category(City::CategoryTerm(sort));
    }
    grant.set_assurance(static_cast<v1::Assurance>(1 + Below(3)));
    grant.set_lawful_basis("A6-1-a");
    return grant;
  }

  // The resident says yes, now.
  Slot GrantNow(uint32_t purpose, const WorldKey& key) {
    Slot slot = FreshSlot(purpose);
    if (Below(3) == 0) slot.recipient = "test:recipient";
    slot.grant = w_.Grant(GrantOf(slot), key);
    Granted(purpose);
    return slot;
  }
  void Granted(uint32_t purpose) {
    own_grants_ = true;
    granted_purposes_.push_back(purpose);
  }

  // A grant that stands at the end of batch base_, new or not.
  bool LiveSlot(Slot* slot) {
    if (!MayGrant()) return false;
    const bool may = w_.statements() < statements_max_;
    if (live_.empty() && !may) return false;
    if (may && (live_.empty() || Below(3) == 0)) {
      live_.push_back(GrantNow(PurposeToday(), key_));
      *slot = live_.back();
    } else {
      *slot = live_[Below(live_.size())];
    }
    return true;
  }
  void NoLonger(const std::string& grant) {
    live_.erase(std::remove_if(live_.begin(), live_.end(),
                               [&](const Slot& s) { return s.grant == grant; }),
                live_.end());
  }

  Access SlotAccess(const Slot& slot, uint32_t as_of, uint32_t batch,
                    Timing timing = Timing::kFine) {
    Access access = At(as_of, batch, timing);
    Use(slot.purpose, slot.data, &access);
    if (!slot.recipient.empty() && Coin()) {
      access.set_recipient_id(slot.recipient);
    }
    return access;
  }

  // How far the chain's grants come with an access to more data than any of
  // them has, for `purpose`.
  const char* Floor(uint32_t purpose) const {
    if (own_grants_) {
      return std::count(granted_purposes_.begin(), granted_purposes_.end(),
                        purpose) > 0
                 ? "category"
                 : "purpose";
    }
    return foreign_grants_ ? "administration" : "ground";
  }

  // Bases for an access that a grant covers, and what law makes of them.
  const char* AnyBasis(Access* access) {
    switch (Below(6)) {
      case 0:
        Law(City::Law(a()), access);
        Consent(access);
        return "covered";
      case 1:
        Law(City::Duty(a()), access);
        return "covered";
      case 2:
        Law(City::kUnverified, access);
        return "unproven";
      case 3:
        Law(City::Law((a() + 1) % 8), access);
        return "not covered";
      default:
        Consent(access);
        return "not covered";
    }
  }

  // --- Under consent, under law, and in time or not --------------------------

  bool Consented(Timing timing) {
    Slot slot;
    if (!MayGrant() || !Window(kSpan) || !LiveSlot(&slot)) return false;
    const uint32_t batch = base_ + Gap(timing);
    Access access = SlotAccess(slot, base_, batch, timing);
    // Less than was granted is granted.
    if (Below(3) == 0) {
      access.clear_data_category();
      access.add_data_category(City::CategoryTerm(slot.data[Below(3)]));
    }
    const char* law = AnyBasis(&access);
    Chosen chosen = Fine(law, "granted", "under consent");
    Time(timing, &chosen);
    Add(access, chosen);
    // What comes in a later batch is for later accesses.
    if (MaySay() && Below(6) == 0) {
      w_.MoveTo(batch + 1);
      w_.Withdraw(slot.grant, key_);
      Void(slot);
    }
    return true;
  }
  void Void(const Slot& slot) {
    NoLonger(slot.grant);
    withdrawn_.push_back(slot);
  }
  bool UnderConsent() { return Consented(Timing::kFine); }

  bool Lawful(Timing timing) {
    if (banned_ || !Window(kSpan)) return false;
    const uint32_t purpose = PurposeToday();
    if (MaySay() && Below(8) == 0) Mention(purpose);
    Access access = At(base_, base_ + Gap(timing), timing);
    Use(purpose, FourSorts(), &access);
    if (Below(4) == 0) Law(City::kExpired, &access);
    if (Below(4) == 0) Basis("A6-1-x", std::nullopt, &access);
    Law(Coin() ? City::Law(a()) : City::Duty(a()), &access);
    if (Below(4) == 0) Consent(&access);
    // The law knows no recipients.
    if (Below(4) == 0) access.set_recipient_id("test:recipient");
    Chosen chosen = Fine("covered", "silent", "under law");
    Time(timing, &chosen);
    Add(access, chosen);
    return true;
  }
  bool UnderLaw() { return Lawful(Timing::kFine); }
  // What binds nobody: a wish, another number of the same resident.
  void Mention(uint32_t purpose) {
    v1::Statement statement;
    if (Coin()) {
      v1::Preference* preference = statement.mutable_preference();
      preference->mutable_scope()->add_purpose(City::LaneTerm(purpose));
      preference->set_wanted(false);
    } else {
      statement.mutable_alias()->set_subject(
          WorldSubject(plan_.resident + 1000000));
    }
    w_.Say(statement, key_);
  }

  bool Stale() {
    return Coin() ? Consented(Timing::kStale) : Lawful(Timing::kStale);
  }
  bool Late() {
    const Timing timing =
        Below(4) == 0 && !live_world_ ? Timing::kBoth : Timing::kLate;
    return Coin() ? Consented(timing) : Lawful(timing);
  }
  // Decided on the last state of the log before.
  bool StaleAcrossLogs() {
    // A no since then would be a race, also one that was taken back.
    if (banned_ || w_.log_number() == 0 || no_in_log_ == w_.log_number() ||
        !Window(kSpan)) {
      return false;
    }
    Access access = At(base_, base_ + 1);
    const WorldLog& before = city_.logs()[0];
    access.mutable_as_of()->set_origin(before.origin);
    access.mutable_as_of()->set_size(before.sizes.back());
    Use(OneOf(lanes_), FourSorts(), &access);
    Law(City::Law(a()), &access);
    Chosen chosen = Fine("covered", "silent", "under law");
    chosen.stale = true;
    chosen.headline = "stale";
    Add(access, chosen);
    return true;
  }

  // A law published long enough ago counts.
  bool NewLawInForce() {
    if (banned_ || !Window(kSpan)) return false;
    const uint32_t day = city_.DayOf(base_);
    if (day < City::kNewDays + kNoticeDays) return false;
    const uint32_t k =
        std::min((day - kNoticeDays) / City::kNewDays, City::kNewInLog) - 1;
    Access access = At(base_, base_ + 1);
    Use(OneOf(lanes_), FourSorts(), &access);
    Law(City::NewLaw(w_.log_number(), k), &access);
    Add(access, Fine("covered", "silent", "under law"));
    return true;
  }

  // Two grants for the same; one is taken back at the last moment.
  bool SecondGrantStands() {
    if (!MayGrant() || !MaySay() || !Window(kSpan)) return false;
    Slot slot = GrantNow(PurposeToday(), key_);
    const std::string second = w_.Grant(GrantOf(slot), key_);
    w_.MoveTo(base_ + 1 + Below(3));
    w_.Withdraw(Coin() ? slot.grant : second, key_);
    Access access = SlotAccess(slot, base_, base_ + 3);
    Consent(&access);
    Add(access, Fine("not covered", "granted", "under consent"));
    w_.MoveTo(base_ + 4);
    w_.WithdrawAll(key_);
    ForgetAll();
    return true;
  }
  void ForgetAll() {
    withdrawn_.insert(withdrawn_.end(), live_.begin(), live_.end());
    withdrawn_.insert(withdrawn_.end(), revoked_.begin(), revoked_.end());
    live_.clear();
    revoked_.clear();
  }

  // A no, and then again a yes of the resident's own.
  bool ChangedMind() {
    if (!MayGrant() || !MaySay() || !Window(kSpan)) return false;
    const uint32_t purpose = PurposeToday();
    Slot slot = FreshSlot(purpose);
    const std::string no = Restrain(slot.purpose, slot.data, "");
    w_.MoveTo(base_ + 1 + Below(3));
    slot.grant = w_.Grant(GrantOf(slot), key_);
    Granted(purpose);
    const uint32_t as_of = w_.batch();
    Access access = SlotAccess(slot, as_of, as_of + 1);
    Consent(&access);
    Add(access, Fine("not covered", "granted", "under consent"));
    Lift(no);
    live_.push_back(slot);
    return true;
  }

  // --- Races -----------------------------------------------------------------

  bool Raced(Timing timing, const char* failed) {
    if (!MaySay() || !Window(kSpan)) return false;
    const uint32_t as_of = base_;
    const uint32_t batch =
        as_of + (failed == nullptr ? 1 + Below(4) : Gap(timing));
    const uint32_t when = as_of + 1 + Below(batch - as_of);
    Chosen chosen;
    Slot slot;
    std::string no;
    const bool granted = MayGrant() && Coin();
    Access access;
    if (granted) {
      // A key of its own, if that is what is to go.
      const uint64_t way = Below(4);
      WorldKey device;
      if (way == 0) {
        device = w_.AddKey(key_);
        w_.MoveTo(base_ + 1);
        slot = GrantNow(PurposeToday(), device);
        return RacedLater(slot, device, timing, failed);
      }
      if (!LiveSlot(&slot)) return false;
      w_.MoveTo(when);
      if (way == 1) {
        no = Restrain(slot.purpose, slot.data, "");
      } else if (way == 2) {
        w_.WithdrawAll(key_);
        ForgetAll();
      } else {
        w_.Withdraw(slot.grant, key_);
        Void(slot);
      }
      access = SlotAccess(slot, as_of, batch, timing);
      Consent(&access);
      chosen = Fine("not covered", "granted", "race");
    } else {
      const uint32_t purpose = PurposeToday();
      const auto sorts = FourSorts();
      w_.MoveTo(when);
      no = Restrain(purpose, sorts, "");
      access = At(as_of, batch, timing);
      Use(purpose, sorts, &access);
      Law(Coin() ? City::Law(a()) : City::Duty(a()), &access);
      chosen = Fine("covered", "silent", "race");
    }
    Time(timing, &chosen);
    chosen.race = true;
    chosen.headline = failed == nullptr ? "race" : "violation";
    if (failed != nullptr) chosen.failed = failed;
    Add(access, chosen);
    if (!no.empty()) Lift(no);
    return true;
  }
  bool RacedLater(const Slot& slot, const WorldKey& device, Timing timing,
                  const char* failed) {
    const uint32_t as_of = base_ + 1;
    const uint32_t batch = as_of + Gap(timing);
    w_.MoveTo(as_of + 1 + Below(batch - as_of));
    w_.Revoke(device, key_);
    revoked_.push_back(slot);
    Access access = SlotAccess(slot, as_of, batch, timing);
    Consent(&access);
    Chosen chosen = Fine("not covered", "granted", "race");
    Time(timing, &chosen);
    chosen.race = true;
    chosen.headline = failed == nullptr ? "race" : "violation";
    if (failed != nullptr) chosen.failed = failed;
    Add(access, chosen);
    return true;
  }
  bool Race() { return Raced(Timing::kFine, nullptr); }
  bool StaleRace() { return Raced(Timing::kStale, "stale"); }
  bool LateRace() { return Raced(Timing::kLate, "late"); }

  // --- No --------------------------------------------------------------------

  // A prohibition that concerns an access for this purpose to these data (and
  // all of them, if that is how it comes), in the batch where the writer is.
  template <typename Data>
  std::string Restrain(uint32_t purpose, const Data& data,
                       const std::string& recipient, bool object = false) {
    v1::Scope scope;
    const uint64_t shape = Below(5);
    if (shape == 1 || shape == 3) scope.add_purpose(City::LaneTerm(purpose));
    if (shape >= 2) {
      scope.add_data_category(City::CategoryTerm(City::kWhereabouts));
      for (const uint32_t sort : data) {
        scope.add_data_category(City::CategoryTerm(sort));
      }
    }
    no_in_log_ = w_.log_number();
    if (shape == 4 && !live_world_)
      scope.set_valid_until_s(w_.TimeOf(w_.batch()) + 86400);
    if (!recipient.empty() && Coin()) scope.add_recipient(recipient);
    v1::Statement statement;
    if (object) {
      *statement.mutable_objection()->mutable_scope() = scope;
    } else {
      *statement.mutable_prohibition()->mutable_scope() = scope;
    }
    // Who lost their key may say it at the counter.
    return Below(5) == 0 ? w_.SayAsService(statement, City::kState)
                         : w_.Say(statement, key_);
  }
  void Lift(const std::string& no) {
    w_.MoveTo(w_.batch() + 1);
    w_.Withdraw(no, key_);
  }

  // Law allows it all the same.
  bool AgainstWish() {
    if (!enrolled_ || !Window(kSpan)) return false;
    const bool object = !banned_ && Coin();
    const uint32_t purpose = PurposeToday();
    const auto sorts = FourSorts();
    std::string no;
    if (!banned_) {
      if (!MaySay()) return false;
      no = Restrain(purpose, sorts, "test:recipient", object);
    }
    const Timing timing = Below(5) == 0 ? Timing::kLate : Timing::kFine;
    Access access = At(base_, base_ + Gap(timing), timing);
    Use(purpose, sorts, &access);
    access.set_recipient_id("test:recipient");
    Law(object && Coin() ? City::Law(a()) : City::Duty(a()), &access);
    Chosen chosen = Fine("covered", "against", "against your wish");
    Time(timing, &chosen);
    chosen.headline = "against your wish";
    Add(access, chosen);
    if (!no.empty()) Lift(no);
    return true;
  }

  bool Prohibited() {
    if (!enrolled_ || !Window(kSpan)) return false;
    uint32_t purpose = PurposeToday();
    std::array<uint32_t, 3> sorts = {0, 5, 9};
    std::string no;
    Slot slot;
    const bool granted = !banned_ && Coin() && LiveSlot(&slot);
    if (granted) {
      purpose = slot.purpose;
      sorts = slot.data;
    }
    bool object = false;
    if (!banned_) {
      if (!MaySay()) return false;
      object = Coin();
      w_.MoveTo(base_ + 1);
      no = Restrain(purpose, sorts, "", object);
    }
    const uint32_t as_of = w_.batch();
    Access access = At(as_of, as_of + Gap(Timing::kFine));
    Use(purpose, sorts, &access);
    if (object || Coin()) {
      Consent(&access);
    } else {
      Law(City::Law(a()), &access);
    }
    Chosen chosen = Violation("prohibited");
    chosen.wish = "against";
    Add(access, chosen);
    if (!no.empty()) Lift(no);
    return true;
  }

  // Beside each other, the stricter wins.
  bool TwoDevices() {
    if (!MayGrant() || !MaySay() || !Window(kSpan)) return false;
    const WorldKey other = w_.AddKey(key_);
    w_.MoveTo(base_ + 1);
    const uint32_t purpose = PurposeToday();
    Slot slot = GrantNow(purpose, key_);
    std::string no;
    const char* failed = "withdrawn";
    Chosen chosen = Violation(failed);
    if (Coin()) {
      w_.Withdraw(slot.grant, other);
    } else {
      v1::Scope scope;
      scope.add_purpose(City::LaneTerm(purpose));
      no = w_.Prohibit(scope, other);
      no_in_log_ = w_.log_number();
      failed = "prohibited";
      chosen.wish = "against";
    }
    chosen.failed = failed;
    Access access = SlotAccess(slot, base_ + 1, base_ + 2);
    Consent(&access);
    Add(access, chosen);
    if (!no.empty()) {
      Lift(no);
      w_.Withdraw(slot.grant, key_);
    }
    withdrawn_.push_back(slot);
    w_.MoveTo(w_.batch() + 1);
    w_.Revoke(other, key_);
    return true;
  }

  // --- Violations by what was granted ----------------------------------------

  // An access that `floor` is said of, and a law that fails no later.
  void FailedBasis(const char* floor, Access* access) {
    switch (Below(4)) {
      case 0:
        if (PlaceOf(floor) >= PlaceOf("provision")) {
          Law(City::kNoSuchLaw, access);
          return;
        }
        break;
      case 1:
        if (PlaceOf(floor) >= PlaceOf("basis")) {
          Basis("A6-1-d", City::Law(a()), access);
          return;
        }
        break;
      case 2:
        if (PlaceOf(floor) >= PlaceOf("administration")) {
          Law(City::Law((a() + 3) % 8), access);
          return;
        }
        break;
      default:
        break;
    }
    Consent(access);
  }

  // Nothing that was granted reaches further than this.
  bool NotGranted() {
    if (!Window(kSpan)) return false;
    const uint32_t purpose = PurposeToday();
    const char* floor = Floor(purpose);
    Access access = At(base_, base_ + Gap(Timing::kFine));
    Use(purpose, FourSorts(), &access);
    FailedBasis(floor, &access);
    Add(access, Violation(floor));
    return true;
  }

  // A grant to others, filed here.
  bool GrantedToOthers() {
    if (!MaySay() || own_grants_ || captured_ || !Window(kSpan)) return false;
    Slot slot = FreshSlot(PurposeToday());
    v1::Grant grant = GrantOf(slot);
    grant.clear_administration();
    grant.add_administration((a() + 1) % 8);
    w_.Grant(grant, key_);
    foreign_grants_ = true;
    Access access = SlotAccess(slot, base_, base_ + 1);
    FailedBasis("administration", &access);
    Add(access, Violation("administration"));
    return true;
  }

  bool OtherRecipient() {
    Slot slot;
    if (!MayGrant() || !Window(kSpan) || !LiveSlot(&slot)) return false;
    Access access = SlotAccess(slot, base_, base_ + 1);
    access.set_recipient_id("test:other");
    FailedBasis("recipient", &access);
    Add(access, Violation("recipient"));
    return true;
  }

  bool OtherPurpose() {
    if (!own_grants_ || !Window(kSpan)) return false;
    Access access = At(base_, base_ + 1);
    Use(City::kFeedback, FourSorts(), &access);
    if (Coin() && !LostPurposeToday()) {
      access.set_purpose("NoSuchPurpose");
      access.clear_purpose_number();
    }
    FailedBasis("purpose", &access);
    Add(access, Violation("purpose"));
    return true;
  }

  bool MoreData() {
    Slot slot;
    if (!MayGrant() || !Window(kSpan) || !LiveSlot(&slot)) return false;
    Access access = SlotAccess(slot, base_, base_ + 1);
    access.add_data_category(City::CategoryTerm(City::kWhereabouts));
    FailedBasis("category", &access);
    Add(access, Violation("category"));
    return true;
  }

  bool OutOfTime() {
    if (!MayGrant() || !MaySay() || !Window(kSpan)) return false;
    Slot slot = FreshSlot(PurposeToday());
    v1::Grant grant = GrantOf(slot);
    const uint32_t batch = base_ + 4;
    const uint64_t sealed = w_.TimeOf(batch);
    uint64_t when = sealed;
    bool covered = false;
    switch (Below(5)) {
      case 0:  // over at the seal
        grant.mutable_scope()->set_valid_until_s(sealed);
        when = sealed - 1;
        break;
      case 1:  // not yet when it happened
        grant.mutable_scope()->set_valid_from_s(sealed);
        when = sealed - 1;
        break;
      case 2:  // over when it happened
        grant.mutable_scope()->set_valid_until_s(sealed - 2);
        break;
      case 3:  // next year
        grant.mutable_scope()->set_valid_from_s(sealed + 300 * 86400);
        break;
      default:  // to the very second
        grant.mutable_scope()->set_valid_from_s(sealed - 1);
        grant.mutable_scope()->set_valid_until_s(sealed + 1);
        when = sealed - 1;
        covered = true;
        break;
    }
    w_.Grant(grant, key_);
    Granted(slot.purpose);
    Access access = SlotAccess(slot, base_, batch);
    access.set_occurred_at_ms(when * 1000 + Below(1000));
    access.clear_recipient_id();
    FailedBasis("time", &access);
    Add(access, covered ? Fine("not covered", "granted", "under consent")
                        : Violation("time"));
    return true;
  }

  // What was published within the last week.
  bool PublishedToday(uint32_t* k) const {
    const uint32_t day = city_.DayOf(base_);
    if (day < City::kNewDays || day % City::kNewDays >= kNoticeDays) {
      return false;
    }
    *k = day / City::kNewDays - 1;
    return *k < City::kNewInLog;
  }

  bool TooNew() {
    uint32_t k = 0;
    if (!Window(kSpan)) return false;
    if (!PublishedToday(&k)) {
      // The next ten days have some.
      const uint32_t day = city_.DayOf(base_);
      const uint32_t next = (day / City::kNewDays + 1) * City::kNewDays;
      if (until_ - made_ > 2 * (kWorldDays - day)) return false;
      cursor_ = std::max(cursor_, city_.FirstBatchOf(next) + kBefore);
      if (cursor_ + kSpan >= End() || !Window(kSpan) || !PublishedToday(&k)) {
        return false;
      }
    }
    const uint32_t purpose = City::NewPurpose(w_.log_number(), k);
    Access access;
    if (MayGrant() && MaySay() && Coin()) {
      Slot slot = GrantNow(purpose, key_);
      access = SlotAccess(slot, base_, base_ + 1);
      FailedBasis("notice", &access);
    } else {
      access = At(base_, base_ + 1);
      if (Coin()) {
        Use(purpose, FourSorts(), &access);
        Law(City::Law(a()), &access);
      } else {
        Use(OneOf(lanes_), FourSorts(), &access);
        Law(City::NewLaw(w_.log_number(), k), &access);
      }
    }
    Add(access, Violation("notice"));
    return true;
  }

  bool Withdrawn() {
    if (!MayGrant() || !Window(kSpan)) return false;
    Slot slot;
    uint32_t as_of = base_;
    if (!MaySay() || (!withdrawn_.empty() && Coin())) {
      if (withdrawn_.empty()) return false;
      slot = withdrawn_[Below(withdrawn_.size())];
    } else if (Below(4) == 0) {
      // Taken back before it was filed.
      slot = FreshSlot(PurposeToday());
      v1::Statement statement;
      *statement.mutable_grant() = GrantOf(slot);
      w_.Frame(&statement);
      statement.clear_sequence();
      statement.clear_previous();
      w_.Withdraw(statement.statement_id(), key_);
      w_.MoveTo(base_ + 1);
      slot.grant = w_.Say(statement, key_);
      Granted(slot.purpose);
      withdrawn_.push_back(slot);
      as_of = base_ + 1;
    } else {
      slot = GrantNow(PurposeToday(), key_);
      const uint64_t number = w_.entries_in_log() - 1;
      w_.MoveTo(base_ + 1);
      switch (Below(4)) {
        case 0:
          w_.WithdrawAll(key_);
          ForgetAll();
          break;
        case 1: {  // by somebody who lost their key
          v1::Statement statement;
          statement.mutable_withdrawal()->add_statement_id(slot.grant);
          w_.SayAsService(statement, City::kState);
          break;
        }
        default:
          w_.Withdraw(slot.grant, key_);
          break;
      }
      // Filed once more it says nothing.
      if (!live_world_ && Below(3) == 0) {
        w_.MoveTo(base_ + 2);
        w_.Replay(number);
      }
      withdrawn_.push_back(slot);
      as_of = w_.batch();
    }
    Access access = SlotAccess(slot, as_of, as_of + 1);
    if (!slot.recipient.empty()) access.set_recipient_id(slot.recipient);
    FailedBasis("withdrawn", &access);
    Add(access, Violation("withdrawn"));
    return true;
  }

  bool Revoked() {
    if (!MayGrant() || !Window(kSpan)) return false;
    Slot slot;
    uint32_t as_of = base_;
    if (!MaySay() || (!revoked_.empty() && Coin())) {
      if (revoked_.empty()) return false;
      slot = revoked_[Below(revoked_.size())];
    } else {
      const WorldKey device = w_.AddKey(key_);
      w_.MoveTo(base_ + 1);
      slot = GrantNow(PurposeToday(), device);
      w_.MoveTo(base_ + 2);
      w_.Revoke(device, Coin() ? key_ : device);
      revoked_.push_back(slot);
      as_of = base_ + 2;
    }
    Access access = SlotAccess(slot, as_of, as_of + 1);
    FailedBasis("revoked", &access);
    Add(access, Violation("revoked"));
    return true;
  }

  // Grants that do not count, however they look.
  bool NotTheResidents() {
    if (!enrolled_ || banned_ || w_.statements() >= statements_max_ ||
        !Window(kSpan, kRecoveryDays)) {
      return false;
    }
    const uint32_t purpose = PurposeToday();
    Slot slot = FreshSlot(purpose);
    v1::Statement statement;
    *statement.mutable_grant() = GrantOf(slot);
    const std::string& family = city_.family();
    const uint64_t way = captured_ ? 4 : Below(8);
    switch (way) {
      case 0: {  // a stranger, in the resident's name
        WorldKey stranger = w_.NewKey();
        stranger.id = key_.id;
        w_.Forge(statement, family, stranger);
        break;
      }
      case 1: {  // the administration
        WorldKey entry(WorldSigning::kEd25519, city_.EntrySeed(a()));
        entry.id = key_.id;
        w_.Forge(statement, family, entry);
        break;
      }
      case 2:  // said in another city
        w_.Forge(statement, "world.example/elsewhere", key_);
        break;
      case 3: {  // a key that nothing brought
        WorldKey stranger = w_.NewKey();
        stranger.id = std::string(16, '?');
        w_.Forge(statement, family, stranger);
        break;
      }
      case 4:  // a key that the city vouched for, or the service itself
        if (captured_) {
          w_.Say(statement, key_);
        } else {
          statement.set_identity_service(City::kState);
          statement.set_sequence((uint64_t{1} << 40) + spare_++);
          statement.set_previous(std::string(32, 'p'));
          WorldKey service(WorldSigning::kEd25519,
                           city_.ServiceSeed(City::kState));
          w_.ForgeAsService(statement, service);
        }
        break;
      case 5:  // after a statement that does not stand here
        statement.set_sequence((uint64_t{1} << 40) + spare_++);
        statement.set_previous(std::string(32, 'p'));
        w_.Forge(statement, family, key_);
        break;
      case 6: {  // a key that was recovered yesterday
        const WorldKey recovered = w_.Recover(City::kState);
        w_.MoveTo(w_.batch() + city_.batches_per_day());
        base_ = w_.batch();
        w_.Forge(WithSpareNumber(statement), family, recovered);
        break;
      }
      default: {  // somebody who may speak, but not of this
        v1::Scope scope;
        scope.add_purpose(City::LaneTerm(City::kFeedback));
        const WorldKey other =
            w_.Delegate(scope, w_.TimeOf(base_) + 100 * 86400, key_);
        w_.MoveTo(base_ + 1);
        base_ = w_.batch();
        w_.Forge(WithSpareNumber(statement), family, other);
        break;
      }
    }
    const char* floor = Floor(purpose);
    Access access = SlotAccess(slot, base_, base_ + 1);
    access.clear_recipient_id();
    FailedBasis(floor, &access);
    Add(access, Violation(floor));
    return true;
  }
  v1::Statement WithSpareNumber(v1::Statement statement) {
    statement.set_sequence((uint64_t{1} << 40) + spare_++);
    statement.set_previous(std::string(32, 'p'));
    return statement;
  }

  // Somebody speaks for a child, until the child is of age.
  bool Guardian() {
    if (!MayGrant() || !MaySay() || !Window(kSpan, 2)) return false;
    const uint64_t until =
        w_.TimeOf(base_ + city_.batches_per_day());  // tomorrow
    v1::Scope scope;
    const uint32_t purpose = PurposeToday();
    if (Coin()) scope.add_purpose(City::LaneTerm(purpose));
    const WorldKey guardian = w_.Delegate(scope, until, key_);
    w_.MoveTo(base_ + 1);
    const Slot slot = GrantNow(purpose, guardian);
    Access access = SlotAccess(slot, base_ + 1, base_ + 2);
    Consent(&access);
    Add(access, Fine("not covered", "granted", "under consent"));
    if (made_ < until_ && Coin()) {
      const uint32_t tomorrow = base_ + city_.batches_per_day();
      access = SlotAccess(slot, tomorrow, tomorrow + 1);
      access.set_occurred_at_ms(w_.TimeOf(tomorrow + 1) * 1000);
      Consent(&access);
      Add(access, Violation("time"));
    } else {
      w_.MoveTo(base_ + 3);
      w_.Withdraw(slot.grant, key_);
    }
    return true;
  }

  // The phone is lost, another one is enrolled and waits three days.
  bool LostPhone() {
    if (!MayGrant() || !MaySay() || until_ - made_ > kWorldDays ||
        !Window(kSpan, kRecoveryDays + 1)) {
      return false;
    }
    const WorldKey recovered = w_.Recover(City::kState);
    const uint32_t later = base_ + kRecoveryDays * city_.batches_per_day();
    w_.MoveTo(later);
    const Slot slot = GrantNow(PurposeToday(), recovered);
    w_.MoveTo(later + 1);
    w_.Revoke(key_, recovered);
    key_ = recovered;
    revoked_.insert(revoked_.end(), live_.begin(), live_.end());
    live_ = {slot};
    Access access = SlotAccess(slot, later + 1, later + 2);
    Consent(&access);
    Add(access, Fine("not covered", "granted", "under consent"));
    return true;
  }

  // --- Violations by the law that is cited -----------------------------------

  bool FailedLaw() {
    if (!Window(kSpan)) return false;
    const uint32_t purpose = OneOf(lanes_);
    const char* floor = Floor(purpose);
    Access access = At(base_, base_ + Gap(Timing::kFine));
    Use(purpose, FourSorts(), &access);
    const char* failed = "ground";
    switch (Below(9)) {
      case 0:
        Law(City::kNoSuchLaw, &access);
        failed = "provision";
        break;
      case 1:
        Basis(Coin() ? "A6-1-d" : "A9-2-h", City::Law(a()), &access);
        failed = "basis";
        break;
      case 2:
        Law(City::Duty((a() + 1) % 8), &access);
        failed = "administration";
        break;
      case 3:
        if (purpose == 0) return false;
        Law(City::kOnePurpose, &access);
        failed = "purpose";
        break;
      case 4:
        Law(City::kFewData, &access);
        failed = "category";
        break;
      case 5:
        access.add_data_category(City::CategoryTerm(City::kWhereabouts));
        Law(City::Law(a()), &access);
        failed = "category";
        break;
      case 6:
        Law(City::kExpired, &access);
        failed = "time";
        break;
      case 7:
        if (live_world_) return false;
        Law(City::kFuture, &access);
        failed = "time";
        break;
      default:  // published in a log that is not this one yet
        if (w_.log_number() > 0) return false;
        Law(City::NewLaw(1, 0), &access);
        failed = "provision";
        break;
    }
    if (Below(3) == 0) Consent(&access);
    Add(access, Violation(Further(floor, failed)));
    return true;
  }

  // --- Nothing can be said ---------------------------------------------------

  // A covered access about which something is amiss.
  bool Amiss(void (Life::*spoil)(Access*), const char* failed) {
    if (!Window(kSpan)) return false;
    Slot slot;
    Access access;
    if (!banned_ && MayGrant() && Coin() && LiveSlot(&slot)) {
      access = SlotAccess(slot, base_, base_ + 1);
      Consent(&access);
    } else {
      access = At(base_, base_ + 1);
      Use(OneOf(lanes_), FourSorts(), &access);
      Law(City::Duty(a()), &access);
    }
    (this->*spoil)(&access);
    Add(access, Unproven(failed));
    return true;
  }

  bool NoRecord() {
    if (!Window(kSpan)) return false;
    w_.MoveTo(base_ + 1);
    Access access = At(base_, base_ + 1);
    Use(OneOf(lanes_), FourSorts(), &access);
    Law(City::Law(a()), &access);
    v1::Record record;
    *record.mutable_access() = access;
    std::string bytes;
    switch (Below(3)) {
      case 0:
        bytes = "no record";
        break;
      case 1:  // a field that nobody knows
        access.GetReflection()->MutableUnknownFields(&access)->AddVarint(999,
                                                                         1);
        *record.mutable_access() = access;
        bytes = record.SerializeAsString();
        break;
      default:  // no purpose
        record.mutable_access()->clear_purpose();
        bytes = record.SerializeAsString();
        break;
    }
    Chosen chosen;
    chosen.failed = "record";
    chosen.how = how_;
    w_.AddBytes(bytes, chosen);
    ++made_;
    return true;
  }

  void SpoilAsOf(Access* access) {
    const WorldLog& log = w_.log();
    switch (Below(4)) {
      case 0:  // no end of a batch
        access->mutable_as_of()->set_size(log.sizes[base_] - 1);
        break;
      case 1:  // its own batch
        access->mutable_as_of()->set_size(log.sizes[base_ + 1]);
        break;
      case 2:  // another family's log
        access->mutable_as_of()->set_origin("world.example/elsewhere/2026h1");
        break;
      default:  // a log that comes later, or a size that comes later
        if (w_.log_number() == 0) {
          access->mutable_as_of()->set_origin(city_.logs()[1].origin);
          access->mutable_as_of()->set_size(city_.logs()[1].sizes[1]);
        } else {
          access->mutable_as_of()->set_size(log.sizes.back());
        }
        break;
    }
    // Which is all that can be said of its time too.
    access->set_occurred_at_ms(w_.TimeOf(base_ + 1) * 1000);
  }
  bool WrongAsOf() { return Amiss(&Life::SpoilAsOf, "as of"); }

  void SpoilOperation(Access* access) {
    switch (Below(3)) {
      case 0:
        access->set_operation(static_cast<v1::Operation>(6 + Below(90)));
        break;
      case 1:
        access->set_actor_kind(static_cast<v1::ActorKind>(5 + Below(90)));
        break;
      default:
        access->set_outcome(static_cast<v1::Outcome>(4 + Below(90)));
        break;
    }
  }
  bool UnknownOperation() { return Amiss(&Life::SpoilOperation, "operation"); }

  void SpoilModel(Access* access) {
    access->set_actor_kind(Coin() ? v1::AI_ASSISTED : v1::AI_AUTONOMOUS);
    switch (Below(3)) {
      case 0:  // another administration's
        access->set_ai_system_id(City::AiSystemId((a() + 1) % 2));
        break;
      case 1:
        access->set_ai_system_id("ai-register:99");
        break;
      default:
        access->clear_ai_system_id();
        break;
    }
  }
  bool UnknownModel() { return Amiss(&Life::SpoilModel, "AI system"); }

  void SpoilSystem(Access* access) {
    const bool paper =
        w_.log_number() == 0 && city_.DayOf(base_) < City::kPaperDay && Coin();
    access->set_source_origin(City::SystemId(a(), paper ? "paper" : "archive"));
  }
  bool NotConnected() { return Amiss(&Life::SpoilSystem, "source system"); }

  bool UnprovenLaw(const char* failed) {
    if (!Window(kSpan)) return false;
    Access access = At(base_, base_ + 1);
    Use(OneOf(lanes_), FourSorts(), &access);
    if (failed == kUnknownBasis) {
      if (Coin()) {
        Basis("A6-1-x", City::Law(a()), &access);
      } else {
        Basis("A6-1-e", std::nullopt, &access);
      }
    } else if (failed == kUnreadable) {
      Law(Coin() ? City::kLost : City::kGarbled, &access);
    } else {
      Law(City::kUnverified, &access);
    }
    Add(access, Unproven(failed));
    return true;
  }
  bool UnknownBasis() { return UnprovenLaw(kUnknownBasis); }
  bool Unreadable() {
    if (Coin() && LostPurposeToday()) {
      if (!Window(kSpan) || !LostPurposeToday()) return false;
      Access access = At(base_, base_ + 1);
      Use(OneOf(lanes_), FourSorts(), &access);
      access.set_purpose("WhateverThatWas");
      access.clear_purpose_number();
      Law(City::Duty(a()), &access);
      Add(access, Unproven(kUnreadable));
      return true;
    }
    return UnprovenLaw(kUnreadable);
  }
  // A law that would not stand against a prohibition anyway covers nothing,
  // compared or not.
  bool Unverified() {
    if (!banned_) return UnprovenLaw(kUnverified);
    if (!Window(kSpan)) return false;
    Access access = At(base_, base_ + 1);
    Use(OneOf(lanes_), FourSorts(), &access);
    Law(City::kUnverified, &access);
    Add(access, Violation("prohibited"));
    return true;
  }

  // A purpose's document that is not at hand may be the one that was meant.
  bool LostPurposeToday() const {
    return w_.log_number() == 1 && city_.DayOf(base_) >= City::kLostPurposeDay;
  }

  // --- What is not shown -----------------------------------------------------

  // An access like any other, in batch base_ + 1; `chosen` is what becomes of
  // it.
  void Hidden(const Chosen& chosen) {
    Access access = At(base_, base_ + 1);
    Use(OneOf(lanes_), FourSorts(), &access);
    Law(City::Law(a()), &access);
    Add(access, chosen);
  }

  v1::Ground Why(std::optional<uint32_t> provision) {
    v1::Ground ground;
    ground.set_ground("for trying out");
    ground.set_authority("test:authority");
    if (provision.has_value()) ground.set_provision(*provision);
    return ground;
  }

  bool Forged() {
    if (!Window(kSpan)) return false;
    Hidden(Closed("forged"));
    w_.Close(last_, WorldContent::kForged);
    return true;
  }

  bool Missing() {
    if (!Window(kSpan)) return false;
    Hidden(Closed("missing"));
    w_.Close(last_, WorldContent::kMissing);
    return true;
  }

  bool Withheld() {
    if (!Window(kSpan)) return false;
    const uint64_t head = w_.log().times_s.back();
    const uint64_t sealed = w_.TimeOf(base_ + 1);
    const uint64_t longest = sealed + City::kWithholdingMaxS;
    uint64_t until = longest;
    uint32_t provision = City::kWithholding;
    const char* content = "withheld";
    switch (Below(5)) {
      case 0:  // a day too long
        until = longest + 1;
        content = "missing";
        break;
      case 1:  // past
        until = head;
        content = "missing";
        break;
      case 2:  // under a law that allows none
        if (longest <= head) return false;
        provision = City::Law(a());
        content = "missing";
        break;
      case 3:  // the shortest that still holds
        if (longest <= head) return false;
        until = head + 1;
        break;
      default:
        if (longest <= head) return false;
        break;
    }
    Hidden(Closed(content));
    w_.Close(last_, WorldContent::kWithheld);
    const uint32_t at = base_ + 1 + static_cast<uint32_t>(Below(3));
    v1::Notice notice = w_.NoticeAbout(last_, at);
    notice.mutable_withholding()->set_entry(last_);
    notice.mutable_withholding()->set_until_s(until);
    *notice.mutable_withholding()->mutable_ground() = Why(provision);
    w_.AddLater(last_, notice, at);
    return true;
  }

  bool Restricted() {
    if (!Window(kSpan)) return false;
    Hidden(Closed("restricted"));
    w_.Close(last_, WorldContent::kRestricted);
    const uint32_t at = base_ + 2;
    v1::Notice notice = w_.NoticeAbout(last_, at);
    notice.mutable_restriction()->set_entry(last_);
    *notice.mutable_restriction()->mutable_ground() = Why(std::nullopt);
    w_.AddLater(last_, notice, at);
    return true;
  }

  bool Erased() {
    const uint32_t keep = kKeepDays * city_.batches_per_day();
    if (!Window(kSpan)) return false;
    const bool room = base_ + 1 + keep + kSpan < End();
    uint32_t at = base_ + 1 + keep;
    std::string wish;
    const char* content = "erased";
    switch (Below(5)) {
      case 0:  // the resident asked for it
        if (!MaySay()) return false;
        Hidden(Closed(content));
        w_.MoveTo(base_ + 2);
        {
          v1::Statement statement;
          statement.mutable_withdrawal()->add_erase(last_);
          wish = w_.Say(statement, key_);
        }
        at = base_ + 3;
        break;
      case 1:  // too early
        content = "missing";
        if (!room) {
          at = base_ + 3;
        } else {
          --at;
        }
        Hidden(Closed(content));
        break;
      case 2:  // in a dispute
        if (!room || !MaySay()) return false;
        content = "missing";
        Hidden(Closed(content));
        w_.MoveTo(base_ + 2);
        w_.Dispute(last_, key_);
        break;
      case 3: {  // after one
        if (!room || !MaySay()) return false;
        Hidden(Closed(content));
        w_.MoveTo(base_ + 2);
        const std::string dispute = w_.Dispute(last_, key_);
        w_.MoveTo(base_ + 3);
        w_.Withdraw(dispute, key_);
        break;
      }
      default:  // its time is over
        if (!room) return false;
        Hidden(Closed(content));
        break;
    }
    w_.Close(last_, WorldContent::kErased);
    v1::Notice notice = w_.NoticeAbout(last_, at);
    notice.mutable_erasure()->set_entry(last_);
    *notice.mutable_erasure()->mutable_ground() = Why(std::nullopt);
    if (!wish.empty()) notice.mutable_erasure()->set_statement_id(wish);
    w_.AddLater(last_, notice, at);
    return true;
  }

  // --- The book of recipes ---------------------------------------------------

  static const std::vector<Recipe>& Recipes() {
    static const auto* const kRecipes = new std::vector<Recipe>{
        {"under consent", 30, &Life::UnderConsent, true},
        {"under law", 30, &Life::UnderLaw, true},
        {"new law in force", 3, &Life::NewLawInForce},
        {"second grant stands", 2, &Life::SecondGrantStands, true},
        {"changed mind", 2, &Life::ChangedMind, true},
        {"guardian", 2, &Life::Guardian},
        {"lost phone", 1, &Life::LostPhone},
        {"stale", 5, &Life::Stale},
        {"stale across logs", 1, &Life::StaleAcrossLogs},
        {"late", 5, &Life::Late, true},
        {"race", 6, &Life::Race, true},
        {"stale race", 3, &Life::StaleRace},
        {"late race", 3, &Life::LateRace, true},
        {"against wish", 6, &Life::AgainstWish, true},
        {"prohibited", 5, &Life::Prohibited, true},
        {"two devices", 2, &Life::TwoDevices, true},
        {"not granted", 5, &Life::NotGranted, true},
        {"granted to others", 4, &Life::GrantedToOthers, true},
        {"other recipient", 4, &Life::OtherRecipient, true},
        {"other purpose", 4, &Life::OtherPurpose, true},
        {"more data", 4, &Life::MoreData, true},
        {"out of time", 4, &Life::OutOfTime},
        {"too new", 4, &Life::TooNew},
        {"withdrawn", 6, &Life::Withdrawn, true},
        {"revoked", 4, &Life::Revoked, true},
        {"not the resident's", 5, &Life::NotTheResidents},
        {"failed law", 12, &Life::FailedLaw, true},
        {"no record", 2, &Life::NoRecord},
        {"wrong as_of", 2, &Life::WrongAsOf, true},
        {"unknown operation", 2, &Life::UnknownOperation, true},
        {"unknown model", 2, &Life::UnknownModel, true},
        {"not connected", 2, &Life::NotConnected, true},
        {"unknown basis", 2, &Life::UnknownBasis, true},
        {"unreadable", 2, &Life::Unreadable},
        {"unverified", 2, &Life::Unverified, true},
        {"forged", 2, &Life::Forged},
        {"missing", 2, &Life::Missing},
        {"withheld", 4, &Life::Withheld},
        {"restricted", 2, &Life::Restricted},
        {"erased", 4, &Life::Erased},
    };
    return *kRecipes;
  }

  static constexpr const char* kUnknownBasis = "unknown basis";
  static constexpr const char* kUnreadable = "unreadable";
  static constexpr const char* kUnverified = "unverified";
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

}  // namespace

World::World(const WorldOptions& options) : options_(options) {
  CHECK_LT(uint32_t{0}, options.residents);
  CHECK_LT(uint32_t{0}, options.cities);
  CHECK_LT(options.statements_max, kSlots);
  std::mt19937_64 rng(options.seed);
  uint64_t most = 0;
  for (uint32_t r = 0; r < options.residents; ++r) {
    uint64_t left = options.accesses / options.residents +
                    (r < options.accesses % options.residents ? 1 : 0);
    const uint64_t chains =
        options.chains_each > 0 ? options.chains_each : 2 + rng() % 4;
    const uint32_t home = r % options.cities;
    const uint64_t first = rng() % City::kAdministrations;
    for (uint64_t c = 0; c < chains; ++c) {
      Plan plan;
      const bool away = options.chains_each == 0 && c > 1 && rng() % 3 == 0;
      plan.city = away ? (home + 1) % options.cities : home;
      plan.resident = r;
      plan.administration =
          static_cast<uint32_t>((first + c) % City::kAdministrations);
      const uint64_t chains_left = chains - c;
      plan.accesses =
          chains_left == 1
              ? left
              : std::min(left, left / chains_left / 2 +
                                   rng() % (left / chains_left + 1));
      left -= plan.accesses;
      most = std::max(most, plan.accesses);
      plans_.push_back(plan);
    }
  }
  // Room for a recipe of some batches for every access of the longest chain.
  const uint64_t per_day =
      std::max<uint64_t>(64, most * 24 / (kWorldLogs * kWorldDays) + 2 * kSpan);
  const uint64_t mean = options.accesses * 3 /
                        (options.cities * kWorldLogs * kWorldDays * per_day);
  for (uint32_t c = 0; c < options.cities; ++c) {
    cities_.push_back(
        std::make_unique<City>(options.seed, c, static_cast<uint32_t>(per_day),
                               static_cast<uint32_t>(64 + 8 * mean)));
  }
}

WorldChain World::Make(size_t chain) const {
  const Plan& plan = plans_[chain];
  std::mt19937_64 rng(options_.seed * 1000003 + chain);
  return Life(*cities_[plan.city], plan, options_, rng()).Live();
}

}  // namespace vidimus
