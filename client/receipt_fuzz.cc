// An answer is believed only if it says what the honest one says. The input is
// an answer whose fields take the place of the honest ones.

#include <cstddef>
#include <cstdint>
#include <string>

#include "client/fake_log.h"
#include "client/receipt.h"
#include "client/verify.h"
#include "verifier/check.h"
#include "verifier/note.h"

namespace vidimus {
namespace {

constexpr char kOrigin[] = "log.example";

v1::SubmitRequest Request(char name) {
  v1::SubmitRequest request;
  for (const char k : {'1', '2', '3'}) {
    v1::Entry* entry = request.add_entries();
    entry->set_entry_id(std::string(15, name) + k);
    entry->set_record_salt(std::string(16, 'r'));
    entry->set_actor_salt(std::string(16, 'a'));
    entry->set_record(std::string("record ") + name + k);
  }
  return request;
}

struct World {
  World() : log(kOrigin, /*access_log=*/true) {
    log.Submit(Request('x'));
    request = Request('y');
    honest = log.Submit(request);
    expectation = ExpectationOf(request);
    vkey = FormatVkey(log.key());
    HeadKeeper heads(log.key());
    const absl::StatusOr<Receipt> receipt =
        CheckReceipt(honest, expectation, true, &heads);
    CHECK(receipt.ok());
    secret = SecretFile(receipt->entries[1], std::string(16, 'i'));
    proof = ProofFile(*receipt, receipt->entries[1]);
    CHECK_EQ(VerifyWithSecret(vkey, proof, secret).exit_code, kExitTrue);
  }

  FakeLog log;
  v1::SubmitRequest request;
  v1::SubmitResponse honest;
  Expectation expectation;
  std::string vkey, secret, proof;
};

}  // namespace
}  // namespace vidimus

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vidimus;  // NOLINT: a test
  static const World& world = *new World;
  const std::string bytes(reinterpret_cast<const char*>(data), size);

  v1::SubmitResponse input;
  if (input.ParseFromString(bytes)) {
    v1::SubmitResponse answer = world.honest;
    if (!input.checkpoint().empty()) answer.set_checkpoint(input.checkpoint());
    if (!input.proof().empty()) answer.set_proof(input.proof());
    if (input.leaf_index_size() > 0) {
      *answer.mutable_leaf_index() = input.leaf_index();
    }
    for (int k = 0; k < input.placed_size() && k < answer.placed_size(); ++k) {
      answer.mutable_placed(k)->MergeFrom(input.placed(k));
    }
    HeadKeeper heads(world.log.key());
    const absl::StatusOr<Receipt> receipt =
        CheckReceipt(answer, world.expectation, true, &heads);
    if (receipt.ok()) {
      for (int k = 0; k < 3; ++k) {
        const EntryReceipt& entry = receipt->entries[static_cast<size_t>(k)];
        CHECK_EQ(entry.leaf_index, world.honest.leaf_index(k));
        CHECK(entry.leaf == world.honest.placed(k).leaf());
      }
    }
  }

  // As either file of a receipt.
  if (bytes != world.proof) {
    VerifyWithSecret(world.vkey, bytes, world.secret);
  }
  VerifyWithSecret(world.vkey, world.proof, bytes);
  VerifyWithSecret(bytes, world.proof, world.secret);
  return 0;
}
