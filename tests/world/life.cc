#include "tests/world/life.h"

#include <algorithm>

#include "verifier/check.h"

namespace vidimus {
namespace {

// So many batches apart is too old.
constexpr uint32_t kStaleBatches = 13;

}  // namespace

Life::Life(const City& city, const World::Plan& plan,
           const WorldOptions& options, uint64_t seed)
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

WorldChain Life::Live() {
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

bool Life::Window(uint32_t span, uint32_t days_after) {
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

bool Life::Step() {
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

bool Life::Begin() {
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

void Life::Crowd() {
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

// --- Accesses
// ------------------------------------------------------------------

void Life::Add(const Access& access, Chosen chosen) {
  chosen.how = how_;
  last_ = w_.Add(access, chosen);
  ++made_;
}

Life::Access Life::At(uint32_t as_of, uint32_t batch, Timing timing) {
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

uint32_t Life::Gap(Timing timing) {
  return timing == Timing::kStale || timing == Timing::kBoth
             ? kStaleBatches + static_cast<uint32_t>(Below(2))
             : 1 + static_cast<uint32_t>(Below(3));
}

void Life::Use(uint32_t purpose, const Sorts& data, Access* access) {
  access->set_purpose(City::LaneTerm(purpose));
  if (Below(3) == 0) access->set_purpose_number(purpose);
  access->clear_data_category();
  for (const uint32_t sort : data) {
    access->add_data_category(City::CategoryTerm(sort));
  }
}

Sorts Life::FourSorts() {
  Sorts sorts(4);
  const uint32_t first = static_cast<uint32_t>(Below(City::kCategories));
  for (uint32_t i = 0; i < 4; ++i) {
    sorts[i] = (first + i * 3) % City::kCategories;
  }
  return sorts;
}

void Life::Basis(const char* basis, std::optional<uint32_t> provision,
                 Access* access) {
  v1::LegalBasis* one = access->add_legal_basis();
  one->set_basis(basis);
  if (provision.has_value()) one->set_provision(*provision);
}

void Life::Consent(Access* access) {
  Basis(Coin() ? "A6-1-a" : "A9-2-a", std::nullopt, access);
}

void Life::Law(uint32_t provision, Access* access) {
  Basis(Coin() ? "A6-1-c" : "A6-1-e", provision, access);
}

uint32_t Life::PurposeToday() {
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
      return City::NewPurpose(0, static_cast<uint32_t>(Below(City::kNewInLog)));
    }
  }
  return OneOf(lanes_);
}

bool Life::LostPurposeToday() const {
  return w_.log_number() == 1 && city_.DayOf(base_) >= City::kLostPurposeDay;
}

// --- What may be chosen
// --------------------------------------------------------

Chosen Life::Fine(const char* law, const char* wish, const char* headline) {
  Chosen chosen;
  chosen.law = law;
  chosen.wish = wish;
  chosen.headline = headline;
  return chosen;
}

Chosen Life::Violation(const char* failed) const {
  Chosen chosen =
      Fine("not covered", banned_ ? "against" : "silent", "violation");
  chosen.failed = banned_ ? "prohibited" : failed;
  return chosen;
}

Chosen Life::Unproven(const char* failed) const {
  Chosen chosen = Fine("unproven", banned_ ? "against" : "silent", "unproven");
  chosen.failed = failed;
  return chosen;
}

Chosen Life::Closed(const char* content) {
  Chosen chosen;
  chosen.content = content;
  chosen.headline = content;
  return chosen;
}

void Life::Time(Timing timing, Chosen* chosen) {
  chosen->stale = timing == Timing::kStale || timing == Timing::kBoth;
  chosen->late = timing == Timing::kLate || timing == Timing::kBoth;
  if (chosen->late) {
    chosen->headline = "late";
  } else if (chosen->stale) {
    chosen->headline = "stale";
  }
}

// --- What the resident says
// ----------------------------------------------------

bool Life::MayGrant() const {
  return enrolled_ && !captured_ && !banned_ && made_ >= silent_until_;
}

bool Life::MaySay() const {
  return enrolled_ && !banned_ && w_.statements() < statements_max_;
}

Slot Life::FreshSlot(uint32_t purpose) {
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

v1::Grant Life::GrantOf(const Slot& slot) {
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

Slot Life::GrantNow(uint32_t purpose, const WorldKey& key) {
  Slot slot = FreshSlot(purpose);
  if (Below(3) == 0) slot.recipient = "test:recipient";
  slot.grant = w_.Grant(GrantOf(slot), key);
  Granted(purpose);
  return slot;
}

void Life::Granted(uint32_t purpose) {
  own_grants_ = true;
  granted_purposes_.push_back(purpose);
}

bool Life::LiveSlot(Slot* slot) {
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

void Life::Void(const Slot& slot) {
  live_.erase(
      std::remove_if(live_.begin(), live_.end(),
                     [&](const Slot& s) { return s.grant == slot.grant; }),
      live_.end());
  withdrawn_.push_back(slot);
}

void Life::VoidAll() {
  withdrawn_.insert(withdrawn_.end(), live_.begin(), live_.end());
  withdrawn_.insert(withdrawn_.end(), revoked_.begin(), revoked_.end());
  live_.clear();
  revoked_.clear();
}

Life::Access Life::SlotAccess(const Slot& slot, uint32_t as_of, uint32_t batch,
                              Timing timing) {
  Access access = At(as_of, batch, timing);
  Use(slot.purpose, slot.data, &access);
  if (!slot.recipient.empty() && Coin()) {
    access.set_recipient_id(slot.recipient);
  }
  return access;
}

const char* Life::Floor(uint32_t purpose) const {
  if (own_grants_) {
    return std::count(granted_purposes_.begin(), granted_purposes_.end(),
                      purpose) > 0
               ? "category"
               : "purpose";
  }
  return foreign_grants_ ? "administration" : "ground";
}

std::string Life::Restrain(uint32_t purpose, const Sorts& data,
                           const std::string& recipient, bool object) {
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

void Life::Lift(const std::string& no) {
  w_.MoveTo(w_.batch() + 1);
  w_.Withdraw(no, key_);
}

// --- The book of recipes
// -------------------------------------------------------

const std::vector<Life::Recipe>& Life::Recipes() {
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

}  // namespace vidimus
