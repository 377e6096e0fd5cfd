#include "tests/world/life.h"

namespace vidimus {
namespace {

constexpr const char* kUnknownBasis = "unknown basis";
constexpr const char* kUnreadable = "unreadable";
constexpr const char* kUnverified = "unverified";

}  // namespace

// --- Nothing can be said -----------------------------------------------------

// A covered access about which something is amiss.
bool Life::Amiss(void (Life::*spoil)(Access*), const char* failed) {
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

bool Life::NoRecord() {
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
      access.GetReflection()->MutableUnknownFields(&access)->AddVarint(999, 1);
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

void Life::SpoilAsOf(Access* access) {
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

void Life::SpoilOperation(Access* access) {
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

void Life::SpoilModel(Access* access) {
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

void Life::SpoilSystem(Access* access) {
  const bool paper =
      w_.log_number() == 0 && city_.DayOf(base_) < City::kPaperDay && Coin();
  access->set_source_origin(City::SystemId(a(), paper ? "paper" : "archive"));
}

bool Life::UnprovenLaw(const char* failed) {
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

bool Life::UnknownBasis() { return UnprovenLaw(kUnknownBasis); }

bool Life::Unreadable() {
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
bool Life::Unverified() {
  if (!banned_) return UnprovenLaw(kUnverified);
  if (!Window(kSpan)) return false;
  Access access = At(base_, base_ + 1);
  Use(OneOf(lanes_), FourSorts(), &access);
  Law(City::kUnverified, &access);
  Add(access, Violation("prohibited"));
  return true;
}

// --- What is not shown
// ---------------------------------------------------------

// An access like any other, in batch base_ + 1; `chosen` is what becomes of
// it.
void Life::Hidden(const Chosen& chosen) {
  Access access = At(base_, base_ + 1);
  Use(OneOf(lanes_), FourSorts(), &access);
  Law(City::Law(a()), &access);
  Add(access, chosen);
}

v1::Ground Life::Why(std::optional<uint32_t> provision) {
  v1::Ground ground;
  ground.set_ground("for trying out");
  ground.set_authority("test:authority");
  if (provision.has_value()) ground.set_provision(*provision);
  return ground;
}

bool Life::Forged() {
  if (!Window(kSpan)) return false;
  Hidden(Closed("forged"));
  w_.Close(last_, WorldContent::kForged);
  return true;
}

bool Life::Missing() {
  if (!Window(kSpan)) return false;
  Hidden(Closed("missing"));
  w_.Close(last_, WorldContent::kMissing);
  return true;
}

bool Life::Withheld() {
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

bool Life::Restricted() {
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

bool Life::Erased() {
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

}  // namespace vidimus
