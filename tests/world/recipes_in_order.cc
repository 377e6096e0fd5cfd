#include "tests/world/life.h"

namespace vidimus {

// --- Under consent, under law, and in time or not ----------------------------

const char* Life::AnyBasis(Access* access) {
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

bool Life::Consented(Timing timing) {
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

bool Life::Lawful(Timing timing) {
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

// What binds nobody: a wish, another number of the same resident.
void Life::Mention(uint32_t purpose) {
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

bool Life::Stale() {
  return Coin() ? Consented(Timing::kStale) : Lawful(Timing::kStale);
}

bool Life::Late() {
  const Timing timing =
      Below(4) == 0 && !live_world_ ? Timing::kBoth : Timing::kLate;
  return Coin() ? Consented(timing) : Lawful(timing);
}

// Decided on the last state of the log before.
bool Life::StaleAcrossLogs() {
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
bool Life::NewLawInForce() {
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
bool Life::SecondGrantStands() {
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
  VoidAll();
  return true;
}

// A no, and then again a yes of the resident's own.
bool Life::ChangedMind() {
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

// Somebody speaks for a child, until the child is of age.
bool Life::Guardian() {
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
bool Life::LostPhone() {
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

// --- Races
// ---------------------------------------------------------------------

bool Life::Raced(Timing timing, const char* failed) {
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
      VoidAll();
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

bool Life::RacedLater(const Slot& slot, const WorldKey& device, Timing timing,
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

// --- Against a wish
// ------------------------------------------------------------

// Law allows it all the same.
bool Life::AgainstWish() {
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

}  // namespace vidimus
