// A city of the sample world: a family of two logs, the register that each
// opens with and what is published later, and when each batch was sealed. All
// of it follows from a seed. It says what exists; life.h says what happens.
//
// The administrations are of the kinds that cities have; every law is called
// what it is, a provision for trying out. There are no people: residents are
// numbers. How the pieces are meant: docs/world.md.
#ifndef TESTS_WORLD_CITY_H_
#define TESTS_WORLD_CITY_H_

#include <cstdint>
#include <string>
#include <vector>

namespace vidimus {

// A register type as design and docs/register.md number them.
enum class WorldType : uint8_t {
  kConfig = 0,
  kAdministration = 1,
  kProvision = 2,
  kPurpose = 3,
  kCategory = 4,
  kAiSystem = 5,
  kAnalysis = 6,
  kCount = 7,
  kIdentityService = 8,
};

struct WorldDocument {
  WorldType type = WorldType::kConfig;
  uint32_t number = 0;
  uint64_t version = 0;
  uint32_t batch = 0;   // in which it stands
  bool at_hand = true;  // else its leaf is there and its bytes are lost
  std::string message;
};

// One log: batches by number. Batch 0 is the config, batch 1 the register that
// the log opens with.
struct WorldLog {
  std::string origin;
  uint64_t notice_s = 7 * 86400;
  uint64_t fresh_s = 60;
  uint64_t late_s = 1800;
  uint64_t skew_s = 5;
  uint64_t recovery_s = 72 * 3600;
  uint64_t keep_min_s = 30 * 86400;
  std::vector<uint64_t> sizes;           // that ended batch b
  std::vector<uint64_t> times_s;         // of its seal
  std::vector<WorldDocument> documents;  // by batch

  // The size before batch b.
  uint64_t PositionOf(uint32_t batch) const {
    return batch == 0 ? 0 : sizes[batch - 1];
  }
  uint32_t batches() const { return static_cast<uint32_t>(sizes.size()); }
};

// How a city's days are cut: the first batch of a day is sealed at 08:00 UTC,
// the next ones kBatchSeconds apart.
inline constexpr uint32_t kWorldDays = 120;
inline constexpr uint64_t kBatchSeconds = 5;
inline constexpr uint32_t kWorldLogs = 2;

class City {
 public:
  // What the register of every city has, by number.
  static constexpr uint32_t kAdministrations = 8;
  static constexpr uint32_t kLanes = 10;        // purposes that laws name
  static constexpr uint32_t kFeedback = 10;     // a purpose that no law names
  static constexpr uint32_t kFirstNew = 11;     // published later, one a period
  static constexpr uint32_t kNewDays = 10;      // the period
  static constexpr uint32_t kNewInLog = 11;     // of a log
  static constexpr uint32_t kCategories = 16;   // that laws name
  static constexpr uint32_t kWhereabouts = 16;  // a category that no law names
  // Provisions: those of administration a, then special ones.
  static uint32_t Law(uint32_t a) { return 2 * a; }  // yields to a prohibition
  static uint32_t Duty(uint32_t a) { return 2 * a + 1; }  // does not
  static constexpr uint32_t kWithholding = 16;            // allows 90 days
  static constexpr uint32_t kUnverified = 17;
  static constexpr uint32_t kExpired = 18;
  static constexpr uint32_t kFuture = 19;
  static constexpr uint32_t kLost = 20;         // its bytes are not at hand
  static constexpr uint32_t kGarbled = 21;      // they are no provision
  static constexpr uint32_t kOnePurpose = 22;   // lane 0 only
  static constexpr uint32_t kFewData = 23;      // categories 0 to 2 only
  static constexpr uint32_t kFirstNewLaw = 24;  // published later, as purposes
  static constexpr uint32_t kNoSuchLaw = 9999;
  // AI systems: 0 of even administrations, 1 of odd ones.
  // Identity services.
  static constexpr uint32_t kState = 0;
  static constexpr uint32_t kOwn = 1;  // of the city itself

  static constexpr uint64_t kWithholdingMaxS = 90 * 86400;
  // From this day of its log a purpose's document is not at hand, in log 1.
  static constexpr uint32_t kLostPurposeDay = 110;
  // From this day of log 0 the system "paper" is connected.
  static constexpr uint32_t kPaperDay = 60;

  // `number` chooses the place: 0 Helsinki, 1 Helsingborg, 2 Malmö, further
  // ones are called by their number. A batch has `batch_leaves` leaves and its
  // seal.
  City(uint64_t seed, uint32_t number, uint32_t batches_per_day,
       uint32_t batch_leaves);
  City(const City&) = delete;
  City& operator=(const City&) = delete;

  uint32_t number() const { return number_; }
  const std::string& name() const { return name_; }
  // Origins without their last element.
  const std::string& family() const { return family_; }
  // What its administrations' documents call the legal person.
  const std::string& organisation_id() const { return organisation_id_; }
  uint32_t batches_per_day() const { return batches_per_day_; }
  const std::vector<WorldLog>& logs() const { return logs_; }

  // Seeds of Ed25519 keys, 32 bytes: of an administration's entries, of an
  // identity service, of the publisher of the register.
  std::string EntrySeed(uint32_t administration) const;
  std::string ServiceSeed(uint32_t service) const;
  std::string PublisherSeed() const;

  // Day 0 is the first of a log; the batch that begins it.
  uint32_t FirstBatchOf(uint32_t day) const {
    return 2 + day * batches_per_day_;
  }
  uint32_t DayOf(uint32_t batch) const {
    return (batch - 2) / batches_per_day_;
  }

  static std::string LaneTerm(uint32_t purpose);
  static std::string CategoryTerm(uint32_t category);
  static std::string AdministrationName(uint32_t administration);
  static std::string SystemId(uint32_t administration, const char* kind);
  static std::string AiSystemId(uint32_t number);
  // The number of what is published on day 10 (k + 1) of a log.
  static uint32_t NewPurpose(uint32_t log, uint32_t k) {
    return kFirstNew + log * kNewInLog + k;
  }
  static uint32_t NewLaw(uint32_t log, uint32_t k) {
    return kFirstNewLaw + log * kNewInLog + k;
  }

  // A document of the register as it stands in a log: the signature of the
  // publisher, then the message.
  std::string SignedDocument(const WorldLog& log,
                             const WorldDocument& document) const;

 private:
  std::string Seed(const char* what, uint32_t number) const;
  void OpenRegister(WorldLog* log, uint32_t number) const;
  void PublishLater(WorldLog* log, uint32_t number) const;

  const uint64_t seed_;
  const uint32_t number_;
  const uint32_t batches_per_day_;
  std::string name_;
  std::string family_;
  std::string organisation_id_;
  std::vector<WorldLog> logs_;
};

}  // namespace vidimus

#endif  // TESTS_WORLD_CITY_H_
