// One resident, told step by step: what they say to several administrations in
// several cities, what those do, and the verdict on it. For tests that are read
// as documentation. Time goes by in batches, for all chains alike; what is said
// between two steps stands in one batch.
#ifndef TESTS_VERDICTS_STORY_H_
#define TESTS_VERDICTS_STORY_H_

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proto/record.pb.h"
#include "tests/world/chain.h"
#include "tests/world/city.h"
#include "verifier/verdict.h"

namespace vidimus {

// The administrations of each city, by number.
enum Body : uint32_t {
  kSchool = 0,
  kHealth = 1,
  kSocial = 2,
  kCare = 3,
  kLabour = 4,
  kCulture = 5,
  kAnalytics = 6,
  kAiServices = 7,
};

// A chain of the story, with the resident's key in it.
struct StoryChain {
  uint32_t city;
  ChainWriter writer;
  WorldKey key;
};

class Story {
 public:
  static constexpr uint32_t kHelsinki = 0;
  static constexpr uint32_t kHelsingborg = 1;
  static constexpr uint32_t kMalmo = 2;

  Story();

  const City& city(uint32_t number) const { return *cities_[number]; }

  // The chain with an administration; the first time it is opened. The state's
  // identity service vouches for the resident's key, or the one that is named.
  StoryChain* With(uint32_t city, Body body, uint32_t service = City::kState);
  // A chain without a key in it.
  StoryChain* WithoutKey(uint32_t city, Body body);

  // The next batch, 5 seconds later; a later day, at the same hour; the next
  // half-year's log.
  void Step();
  void Days(uint32_t days);
  void NextHalfYear();

  // --- What is said ----------------------------------------------------------

  // To several at once: signed for and filed in each of their chains, under one
  // statement id, which is returned.
  std::string Say(std::initializer_list<StoryChain*> chains,
                  const v1::Statement& statement);
  std::string Grant(std::initializer_list<StoryChain*> chains,
                    const v1::Grant& grant);
  std::string Withdraw(std::initializer_list<StoryChain*> chains,
                       const std::string& statement_id);
  std::string Prohibit(std::initializer_list<StoryChain*> chains,
                       const v1::Scope& scope);

  // To these administrations, for one purpose, with these data.
  static v1::Grant GrantTo(std::initializer_list<Body> bodies,
                           const std::string& purpose,
                           std::initializer_list<const char*> data);
  static v1::Scope For(const std::string& purpose);

  // --- What is done ----------------------------------------------------------

  // As of the batch before, now, for a purpose, with data.
  static v1::AccessRecord Access(StoryChain* chain, const std::string& purpose,
                                 std::initializer_list<const char*> data);
  static v1::AccessRecord OnConsent(v1::AccessRecord access);
  static v1::AccessRecord OnLaw(v1::AccessRecord access, uint32_t provision);
  static void Do(StoryChain* chain, const v1::AccessRecord& access);

  // --- What comes of it ------------------------------------------------------

  // Ends the story of this chain and judges it.
  Verdicts Judge(StoryChain* chain);
  // The sentences on its accesses, in order.
  std::vector<std::string> Sentences(StoryChain* chain);

 private:
  void MoveAll(uint32_t batch);

  std::vector<std::unique_ptr<City>> cities_;
  std::deque<StoryChain> chains_;
  std::deque<WorldChain> finished_;
  uint32_t log_ = 0;
  uint32_t batch_;
};

}  // namespace vidimus

#endif  // TESTS_VERDICTS_STORY_H_
