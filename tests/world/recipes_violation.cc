#include <algorithm>
#include <string_view>

#include "tests/world/life.h"
#include "verifier/check.h"

namespace vidimus {
namespace {

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

}  // namespace

// --- No, or no longer --------------------------------------------------------

bool Life::Prohibited() {
  if (!enrolled_ || !Window(kSpan)) return false;
  uint32_t purpose = PurposeToday();
  Sorts sorts = {0, 5, 9};
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
bool Life::TwoDevices() {
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

// --- By what was granted
// -------------------------------------------------------

// An access that `floor` is said of, and a law that fails no later.
void Life::FailedBasis(const char* floor, Access* access) {
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
bool Life::NotGranted() {
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
bool Life::GrantedToOthers() {
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

bool Life::OtherRecipient() {
  Slot slot;
  if (!MayGrant() || !Window(kSpan) || !LiveSlot(&slot)) return false;
  Access access = SlotAccess(slot, base_, base_ + 1);
  access.set_recipient_id("test:other");
  FailedBasis("recipient", &access);
  Add(access, Violation("recipient"));
  return true;
}

bool Life::OtherPurpose() {
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

bool Life::MoreData() {
  Slot slot;
  if (!MayGrant() || !Window(kSpan) || !LiveSlot(&slot)) return false;
  Access access = SlotAccess(slot, base_, base_ + 1);
  access.add_data_category(City::CategoryTerm(City::kWhereabouts));
  FailedBasis("category", &access);
  Add(access, Violation("category"));
  return true;
}

bool Life::OutOfTime() {
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
bool Life::PublishedToday(uint32_t* k) const {
  const uint32_t day = city_.DayOf(base_);
  if (day < City::kNewDays || day % City::kNewDays >= kNoticeDays) {
    return false;
  }
  *k = day / City::kNewDays - 1;
  return *k < City::kNewInLog;
}

bool Life::TooNew() {
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

bool Life::Withdrawn() {
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
        VoidAll();
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

bool Life::Revoked() {
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

v1::Statement Life::WithSpareNumber(v1::Statement statement) {
  statement.set_sequence((uint64_t{1} << 40) + spare_++);
  statement.set_previous(std::string(32, 'p'));
  return statement;
}

// Grants that do not count, however they look.
bool Life::NotTheResidents() {
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

// --- By the law that is cited
// --------------------------------------------------

bool Life::FailedLaw() {
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

}  // namespace vidimus
