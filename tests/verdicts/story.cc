#include "tests/verdicts/story.h"

#include <utility>

#include "tests/verdicts/judge.h"

namespace vidimus {
namespace {

constexpr uint64_t kResident = 7;
constexpr uint32_t kBatchesPerDay = 64;
constexpr uint32_t kBatchLeaves = 64;
// Away from the start of a day, so that the batch before is of the same.
constexpr uint32_t kMorning = 20;

}  // namespace

Story::Story() {
  for (uint32_t number = 0; number < 3; ++number) {
    cities_.push_back(
        std::make_unique<City>(1, number, kBatchesPerDay, kBatchLeaves));
  }
  batch_ = cities_[0]->FirstBatchOf(0) + kMorning;
}

StoryChain* Story::WithoutKey(uint32_t city, Body body) {
  for (StoryChain& chain : chains_) {
    if (chain.city == city && chain.writer.administration() == body) {
      return &chain;
    }
  }
  chains_.push_back(
      {city,
       ChainWriter(*cities_[city], kResident, body, WorldSigning::kEd25519,
                   100 + city * 10 + body),
       WorldKey()});
  for (uint32_t log = 0; log < log_; ++log) {
    chains_.back().writer.OpenNextLog();
  }
  chains_.back().writer.MoveTo(batch_);
  return &chains_.back();
}

StoryChain* Story::With(uint32_t city, Body body, uint32_t service) {
  const size_t before = chains_.size();
  StoryChain* chain = WithoutKey(city, body);
  if (chains_.size() > before) chain->key = chain->writer.Enrol(service);
  return chain;
}

void Story::MoveAll(uint32_t batch) {
  batch_ = batch;
  for (StoryChain& chain : chains_) chain.writer.MoveTo(batch);
}

void Story::Step() { MoveAll(batch_ + 1); }
void Story::Days(uint32_t days) { MoveAll(batch_ + days * kBatchesPerDay); }

void Story::NextHalfYear() {
  ++log_;
  for (StoryChain& chain : chains_) chain.writer.OpenNextLog();
  MoveAll(cities_[0]->FirstBatchOf(0) + kMorning);
}

std::string Story::Say(std::initializer_list<StoryChain*> chains,
                       const v1::Statement& statement) {
  std::string id;
  for (StoryChain* chain : chains) {
    v1::Statement one = statement;
    if (!id.empty()) one.set_statement_id(id);
    id = chain->writer.Say(one, chain->key);
  }
  return id;
}

std::string Story::Grant(std::initializer_list<StoryChain*> chains,
                         const v1::Grant& grant) {
  v1::Statement statement;
  *statement.mutable_grant() = grant;
  return Say(chains, statement);
}

std::string Story::Withdraw(std::initializer_list<StoryChain*> chains,
                            const std::string& statement_id) {
  v1::Statement statement;
  statement.mutable_withdrawal()->add_statement_id(statement_id);
  return Say(chains, statement);
}

std::string Story::Prohibit(std::initializer_list<StoryChain*> chains,
                            const v1::Scope& scope) {
  v1::Statement statement;
  *statement.mutable_prohibition()->mutable_scope() = scope;
  return Say(chains, statement);
}

v1::Grant Story::GrantTo(std::initializer_list<Body> bodies,
                         const std::string& purpose,
                         std::initializer_list<const char*> data) {
  v1::Grant grant;
  for (const Body body : bodies) grant.add_administration(body);
  grant.mutable_scope()->add_purpose(purpose);
  for (const char* sort : data) {
    grant.mutable_scope()->add_data_category(sort);
  }
  grant.set_assurance(v1::WALLET_KEY);
  grant.set_lawful_basis("A6-1-a");
  return grant;
}

v1::Scope Story::For(const std::string& purpose) {
  v1::Scope scope;
  scope.add_purpose(purpose);
  return scope;
}

v1::AccessRecord Story::Access(StoryChain* chain, const std::string& purpose,
                               std::initializer_list<const char*> data) {
  v1::AccessRecord access = chain->writer.Access();
  access.set_purpose(purpose);
  for (const char* sort : data) access.add_data_category(sort);
  return access;
}

v1::AccessRecord Story::OnConsent(v1::AccessRecord access) {
  access.add_legal_basis()->set_basis("A6-1-a");
  return access;
}

v1::AccessRecord Story::OnLaw(v1::AccessRecord access, uint32_t provision) {
  v1::LegalBasis* basis = access.add_legal_basis();
  basis->set_basis("A6-1-e");
  basis->set_provision(provision);
  return access;
}

void Story::Do(StoryChain* chain, const v1::AccessRecord& access) {
  chain->writer.Add(access, Chosen());
}

Verdicts Story::Judge(StoryChain* chain) {
  finished_.push_back(chain->writer.Finish());
  CityJudge judge(*cities_[chain->city]);
  return judge.Judge(finished_.back());
}

std::vector<std::string> Story::Sentences(StoryChain* chain) {
  std::vector<std::string> sentences;
  for (const Verdict& verdict : Judge(chain).verdicts) {
    sentences.push_back(Sentence(verdict));
  }
  return sentences;
}

}  // namespace vidimus
