// How fast, how large and how heavy is the storage engine, beside bare LevelDB
// with the same bytes in synced batches of the same size?
//
//   bazel run -c opt //benches:storage -- [entries [batch [folder [bare]]]]
//
// One thread; entries of 1 KiB, random; the rows an opaque log writes. Prints
// for both: entries per second, bytes written per entry, resident memory, bytes
// on disk per entry after compaction, start-up after a kill (the write buffers
// full), the time of one random read. With `bare`, LevelDB alone. Answers:
// README.md.
#include "log/storage.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "leveldb/db.h"
#include "leveldb/write_batch.h"
#include "log/entry_rows.h"
#include "log/leveldb_storage.h"
#include "verifier/check.h"
#include "verifier/merkle.h"

namespace vidimus {
namespace {

constexpr size_t kEntryBytes = 1024;

double NowS() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// The number after `name` in a file of lines like "name: 123 kB".
uint64_t ProcNumber(const char* path, const char* name) {
  FILE* file = fopen(path, "r");
  CHECK(file != nullptr);
  char line[256];
  uint64_t number = 0;
  while (fgets(line, sizeof(line), file) != nullptr) {
    if (strncmp(line, name, strlen(name)) == 0) {
      number = strtoull(line + strlen(name), nullptr, 10);
    }
  }
  fclose(file);
  return number;
}

uint64_t WrittenBytes() { return ProcNumber("/proc/self/io", "write_bytes: "); }
uint64_t ResidentKb() { return ProcNumber("/proc/self/status", "VmRSS:"); }
uint64_t ResidentMaxKb() { return ProcNumber("/proc/self/status", "VmHWM:"); }

uint64_t FolderBytes(const std::string& folder) {
  uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

// Bytes that do not compress, at the speed of memory.
void FillRandom(std::string* bytes, uint64_t* state) {
  for (size_t i = 0; i + 8 <= bytes->size(); i += 8) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    memcpy(&(*bytes)[i], state, 8);
  }
}

StorageBatch MakeBatch(uint64_t first, uint64_t count, uint64_t* state) {
  StorageBatch batch;
  batch.first = first;
  batch.head.size = first + count;
  EntryRows entries(first);
  std::string entry(kEntryBytes, '\0');
  for (uint64_t i = 0; i < count; ++i) {
    FillRandom(&entry, state);
    entries.Append(entry);
  }
  batch.rows = entries.Take();
  std::string hashes(count * 32, '\0');
  FillRandom(&hashes, state);
  batch.rows.push_back({RowKind::kHashes, 0, std::move(hashes)});
  const uint64_t tiles = (first + count) / 256;
  if (tiles > first / 256) {
    std::string tile(((tiles - 1) % 256 + 1) * 32, '\0');
    FillRandom(&tile, state);
    batch.rows.push_back({RowKind::kTile, 1, std::move(tile)});
  }
  return batch;
}

void MeasureFsync(const std::string& folder) {
  const std::string path = folder + "/fsync";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT, 0600);
  CHECK_GE(fd, 0);
  const std::string block(4096, 'x');
  std::vector<double> times;
  for (int i = 0; i < 500; ++i) {
    const double start = NowS();
    CHECK_EQ(write(fd, block.data(), block.size()),
             static_cast<ssize_t>(block.size()));
    CHECK_EQ(fdatasync(fd), 0);
    times.push_back(NowS() - start);
  }
  close(fd);
  unlink(path.c_str());
  std::sort(times.begin(), times.end());
  printf("disk: append 4 KiB + fdatasync p50 %.2f ms, p99 %.2f ms\n",
         times[250] * 1e3, times[495] * 1e3);
}

void BareLevelDb(const std::string& folder, uint64_t entries, uint64_t batch) {
  leveldb::Options options;
  options.create_if_missing = true;
  options.compression = leveldb::kNoCompression;
  options.write_buffer_size = LevelDbOptions().write_buffer_bytes;
  leveldb::DB* raw = nullptr;
  CHECK(leveldb::DB::Open(options, folder, &raw).ok());
  std::unique_ptr<leveldb::DB> db(raw);
  leveldb::WriteOptions synced;
  synced.sync = true;
  uint64_t state = 1;
  std::string value(kEntryBytes, '\0');
  const uint64_t written = WrittenBytes();
  std::vector<double> commits;
  const double start = NowS();
  for (uint64_t first = 0; first < entries; first += batch) {
    const double commit = NowS();
    leveldb::WriteBatch rows;
    for (uint64_t i = first; i < first + batch; ++i) {
      FillRandom(&value, &state);
      char key[9];
      for (int b = 0; b < 8; ++b) key[b] = static_cast<char>(i >> (56 - 8 * b));
      rows.Put(leveldb::Slice(key, 8), value);
    }
    CHECK(db->Write(synced, &rows).ok());
    commits.push_back(NowS() - commit);
  }
  const double seconds = NowS() - start;
  std::sort(commits.begin(), commits.end());
  printf(
      "bare LevelDB: %8.0f entries/s, %.2f KiB written per entry, batch p50 "
      "%.2f ms, p99 %.2f ms, slowest %.0f ms\n",
      entries / seconds, (WrittenBytes() - written) / 1024.0 / entries,
      commits[commits.size() / 2] * 1e3,
      commits[commits.size() * 99 / 100] * 1e3, commits.back() * 1e3);
}

void Ours(const std::string& folder, uint64_t entries, uint64_t batch) {
  uint64_t resident_max = 0;
  {
    auto storage = OpenLevelDbStorage(LevelDbOptions(), folder);
    CHECK(storage.ok());
    uint64_t state = 1;
    TreeHead head = {0, EmptyRoot()};
    const uint64_t written = WrittenBytes();
    double slowest = 0;
    const double start = NowS();
    for (uint64_t first = 0; first < entries; first += batch) {
      const StorageBatch rows = MakeBatch(first, batch, &state);
      const double commit = NowS();
      CHECK((*storage)->Commit(rows, head).ok());
      slowest = std::max(slowest, NowS() - commit);
      head = rows.head;
      resident_max = std::max(resident_max, first % 4096 ? 0 : ResidentKb());
    }
    const double seconds = NowS() - start;
    printf(
        "storage:      %8.0f entries/s, %.2f KiB written per entry, slowest "
        "commit %.0f ms\n",
        entries / seconds, (WrittenBytes() - written) / 1024.0 / entries,
        slowest * 1e3);
  }
  double start = NowS();
  auto storage = OpenLevelDbStorage(LevelDbOptions(), folder);
  CHECK(storage.ok());
  printf("start-up: %.0f ms\n", (NowS() - start) * 1e3);

  std::mt19937_64 random(7);
  for (const bool tail : {false, true}) {
    std::vector<double> times;
    for (int i = 0; i < 20000; ++i) {
      const uint64_t index = tail ? entries - 1 : random() % entries;
      start = NowS();
      CHECK((*storage)->Get(RowKind::kHashes, 0, index).ok());
      times.push_back(NowS() - start);
    }
    std::sort(times.begin(), times.end());
    printf("read of %s: p50 %.1f us, p99 %.1f us\n",
           tail ? "the last batch's hashes" : "hashes anywhere        ",
           times[10000] * 1e6, times[19800] * 1e6);
  }
  start = NowS();
  uint64_t rows = 0;
  CHECK((*storage)
            ->Scan(RowKind::kHashes, 0, 0, entries,
                   [&](uint64_t, absl::string_view) { return ++rows != 0; })
            .ok());
  printf("scan of hashes: %.2f s, %.1f us a batch\n", NowS() - start,
         (NowS() - start) * 1e6 / rows);
  start = NowS();
  CHECK(ReadEntries(storage->get(), 0, entries, [](uint64_t, std::string_view) {
          return true;
        }).ok());
  printf("scan of entries: %.2f s\n", NowS() - start);
  resident_max = std::max(resident_max, ResidentMaxKb());

  start = NowS();
  const uint64_t before = FolderBytes(folder);
  (*storage)->Compact();
  printf("on disk: %.0f bytes per entry, %.0f after compaction (%.1f s)\n",
         1.0 * before / entries, 1.0 * FolderBytes(folder) / entries,
         NowS() - start);
  printf("resident: at most %.0f MiB before the compaction\n",
         resident_max / 1024.0);
}

void InChild(void (*measure)(const std::string&, uint64_t, uint64_t),
             const std::string& folder, uint64_t entries, uint64_t batch) {
  fflush(stdout);
  const pid_t child = fork();
  CHECK_GE(child, 0);
  if (child == 0) {
    measure(folder, entries, batch);
    fflush(stdout);
    _exit(0);
  }
  int status = 0;
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK_EQ(status, 0);
  std::filesystem::remove_all(folder);
}

int Main(int argc, char** argv) {
  const uint64_t batch = argc > 2 ? strtoull(argv[2], nullptr, 10) : 32;
  uint64_t entries = argc > 1 ? strtoull(argv[1], nullptr, 10) : 1000000;
  if (batch == 0 || entries < batch) {
    fprintf(stderr, "usage: storage [entries [batch [folder [bare]]]]\n");
    return 2;
  }
  entries -= entries % batch;
  std::string folder = argc > 3 ? argv[3] : "/tmp";
  folder += "/storage-bench.XXXXXX";
  CHECK(mkdtemp(folder.data()) != nullptr);
  printf("%llu entries of %zu bytes in batches of %llu\n",
         static_cast<unsigned long long>(entries), kEntryBytes,
         static_cast<unsigned long long>(batch));
  MeasureFsync(folder);
  InChild(BareLevelDb, folder + "/bare", entries, batch);
  const bool bare = argc > 4 && strcmp(argv[4], "bare") == 0;
  if (!bare) InChild(Ours, folder + "/ours", entries, batch);
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace vidimus

int main(int argc, char** argv) { return vidimus::Main(argc, argv); }
