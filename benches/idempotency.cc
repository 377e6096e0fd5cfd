// How long does a start with millions of remembered ids take, and a look-up?
//
//   bazel run -c opt //benches:idempotency -- [ids [folder]]
//
// Ids in batches of 32, over LevelDB. Prints the time to start with the saved
// files and without them, memory per id, and the time of a look-up of a new id.
#include "log/idempotency.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "log/disk.h"
#include "log/leveldb_storage.h"
#include "verifier/check.h"
#include "verifier/merkle.h"

namespace vidimus {
namespace {

constexpr uint64_t kBatch = 32;
constexpr int64_t kNow = 1767225600;

double NowS() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

IdTag MakeTag(uint64_t* state) {
  IdTag tag;
  for (auto* bytes : {&tag.id, &tag.digest}) {
    for (int half = 0; half < 2; ++half) {
      *state ^= *state << 13;
      *state ^= *state >> 7;
      *state ^= *state << 17;
      memcpy(bytes->data() + 8 * half, state, 8);
    }
  }
  return tag;
}

std::unique_ptr<Idempotency> Open(Storage* storage, uint64_t size,
                                  const std::string& folder, const char* what) {
  const std::string key(32, 'k');
  const double start = NowS();
  auto ids = Idempotency::Open(IdempotencyOptions(), key, storage, size,
                               PosixDisk(), folder, kNow);
  CHECK(ids.ok());
  printf("start %s: %.0f ms, %llu ids, %.1f bytes of memory each\n", what,
         (NowS() - start) * 1e3,
         static_cast<unsigned long long>((*ids)->entries()),
         1.0 * (*ids)->bytes() / ((*ids)->entries() + 1));
  return *std::move(ids);
}

int Main(int argc, char** argv) {
  uint64_t count = argc > 1 ? strtoull(argv[1], nullptr, 10) : 10000000;
  count -= count % kBatch;
  std::string folder = argc > 2 ? argv[2] : "/tmp";
  folder += "/idempotency-bench.XXXXXX";
  CHECK(mkdtemp(folder.data()) != nullptr);
  auto storage = OpenLevelDbStorage(LevelDbOptions(), folder + "/data");
  CHECK(storage.ok());
  const std::string files = folder + "/ids";
  auto ids = Open(storage->get(), 0, files, "of an empty log    ");
  uint64_t state = 1;
  TreeHead head = {0, EmptyRoot()};
  double remember_s = 0;
  while (head.size < count) {
    std::vector<Idempotency::Placed> placed;
    for (uint64_t i = 0; i < kBatch; ++i) {
      placed.push_back({head.size + i, MakeTag(&state)});
    }
    StorageBatch batch;
    batch.first = head.size;
    batch.head.size = head.size + kBatch;
    batch.rows.push_back(
        {RowKind::kIds, 0, ids->EncodeRow(placed, head.size, kNow)});
    CHECK((*storage)->Commit(batch, head).ok());
    head = batch.head;
    const double start = NowS();
    ids->Remember(placed, kNow);
    remember_s += NowS() - start;
  }
  printf("to remember an id: %.2f us\n", remember_s * 1e6 / count);
  ids.reset();
  ids = Open(storage->get(), count, files, "with saved files   ");
  const double start = NowS();
  constexpr int kLookups = 1000000;
  for (int i = 0; i < kLookups; ++i) {
    const auto found = ids->Find(MakeTag(&state));
    CHECK(found.ok());
    CHECK(!found->has_value());
  }
  printf("look-up of a new id: %.2f us\n", (NowS() - start) * 1e6 / kLookups);
  ids.reset();
  std::filesystem::remove_all(files);
  ids = Open(storage->get(), count, files, "without saved files");
  ids.reset();
  storage->reset();
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace vidimus

int main(int argc, char** argv) { return vidimus::Main(argc, argv); }
