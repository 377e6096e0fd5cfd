#include "log/vault_page.h"

#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "log/vault.pb.h"
#include "verifier/hash.h"

namespace vidimus {
namespace {

// The slow twin: protobuf's own writer, given the same.
class Twin {
 public:
  void AddRequest(uint32_t administration, const std::string& signature,
                  const std::vector<Hash>& leaf_hashes) {
    vault::Request* const request = page_.add_requests();
    request->set_administration(administration);
    request->set_signature(signature);
    request->set_leaf_hashes(BytesOfHashes(leaf_hashes));
  }
  void AddOpening(const PageOpening& opening) {
    vault::Opening* const one = page_.add_openings();
    one->set_place(opening.place);
    one->set_request(opening.request);
    one->set_request_index(opening.request_index);
    one->set_entry_id(std::string(opening.entry_id));
    one->set_record_salt(std::string(opening.record_salt));
    one->set_record(std::string(opening.record));
    one->set_actor_salt(std::string(opening.actor_salt));
    one->set_actor(std::string(opening.actor));
    one->set_accesses_before(opening.accesses_before);
  }
  std::string Bytes() const { return page_.SerializeAsString(); }

 private:
  vault::Page page_;
};

TEST(PageWriterTest, WritesWhatProtobufWritesOfEverySize) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 200; ++round) {
    const auto any = [&](size_t most) {
      return std::string(random() % (most + 1), static_cast<char>(random()));
    };
    PageWriter writer(0);
    Twin twin;
    std::string requests_first;
    const int requests = static_cast<int>(random() % 3);
    size_t bytes_max = 0;
    for (int i = 0; i < requests; ++i) {
      const std::string signature(random() % 2 == 0 ? 64 : 0, 's');
      const std::vector<Hash> hashes(random() % 300);
      const auto administration =
          static_cast<uint32_t>(random() >> (random() % 64));
      EXPECT_EQ(writer.AddRequest(administration, signature, hashes),
                static_cast<uint32_t>(i));
      twin.AddRequest(administration, signature, hashes);
      bytes_max += PageWriter::RequestBytesMax(hashes.size());
    }
    uint32_t place = 0;
    for (int i = static_cast<int>(random() % 4); i > 0; --i) {
      const std::string id = any(16), salt = any(16), record = any(70000),
                        actor = any(300);
      const PageOpening opening{place,
                                static_cast<uint32_t>(random() % 300),
                                static_cast<uint32_t>(random() % 70000),
                                id,
                                salt,
                                record,
                                salt,
                                actor,
                                static_cast<uint32_t>(random() % 65536)};
      writer.AddOpening(opening);
      twin.AddOpening(opening);
      bytes_max += opening.BytesMax();
      place += 1 + static_cast<uint32_t>(random() % 200);
    }
    ASSERT_EQ(*writer.bytes(), twin.Bytes()) << round;
    EXPECT_LE(writer.bytes()->size(), bytes_max);
  }
}

TEST(PageWriterTest, ReadsBackWhereRequestsComeBetweenOpenings) {
  PageWriter writer(0);
  const std::vector<Hash> hashes(2);
  EXPECT_EQ(writer.AddRequest(7, "signature", hashes), 0u);
  writer.AddOpening({3, 0, 1, "id", "salt", "record", "salt", "actor", 9});
  EXPECT_EQ(writer.AddRequest(8, "", {}), 1u);
  writer.AddOpening({4, 1, 0, "other", "", "", "", "", 0});
  EXPECT_EQ(writer.openings(), 2u);
  vault::Page page;
  ASSERT_TRUE(page.ParseFromString(*writer.bytes()));
  ASSERT_EQ(page.requests_size(), 2);
  EXPECT_EQ(page.requests(0).administration(), 7u);
  EXPECT_EQ(page.requests(0).leaf_hashes().size(), 2 * kHashBytes);
  EXPECT_EQ(page.requests(1).administration(), 8u);
  ASSERT_EQ(page.openings_size(), 2);
  EXPECT_EQ(page.openings(0).record(), "record");
  EXPECT_EQ(page.openings(0).accesses_before(), 9u);
  EXPECT_EQ(page.openings(1).entry_id(), "other");
  EXPECT_EQ(page.openings(1).request(), 1u);
}

}  // namespace
}  // namespace vidimus
