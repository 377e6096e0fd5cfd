// A file is its segments and an end:
//
//   segment   count(4) checksum(4) of the rest of the head
//             checksum(4) of each of 256 buckets      ) for this server only
//             filter, 64 bytes for each 64 keys       )
//             257 x offset(4) of each bucket, in entries, and the end
//             256 x hash(32) of each bucket
//             count x key(32) index - start(4)
//   end       count(4) of each segment, hash(32) of each segment
//             magic(16) start(8) end(8) entries(8) root(32) sum(32)
//             H(all of the end before this)
//
// Checksums are CRC-32. What is public of a segment begins at its offsets.
#include "log/index_run.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "verifier/check.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr int kBuckets = 1 << kBucketBits;
constexpr size_t kRecordBytes = kHashBytes + 4;
constexpr size_t kPreludeBytes = 8;
constexpr size_t kChecksumsBytes = 4 * kBuckets;
constexpr size_t kOffsetsBytes = 4 * (kBuckets + 1);
constexpr size_t kHashesBytes = kHashBytes * kBuckets;

constexpr char kMagic[] = "vidimus run 1\n\0";
constexpr size_t kMagicBytes = 16;
static_assert(sizeof(kMagic) == kMagicBytes);
constexpr size_t kTrailerBytes = kMagicBytes + 3 * 8 + 3 * kHashBytes;

constexpr size_t kFilterLineBytes = 64;
constexpr int kFilterProbes = 5;

// Written bytes that wait for their sync at most.
constexpr uint64_t kUnsyncedBytesMax = 4 << 20;

constexpr Hash kEmpty = {};

size_t FilterBytes(uint64_t count) {
  return kFilterLineBytes *
         std::max<uint64_t>(1,
                            (count + kFilterLineBytes - 1) / kFilterLineBytes);
}

size_t HeadBytes(uint64_t count) {
  return kPreludeBytes + kChecksumsBytes + FilterBytes(count) + kOffsetsBytes +
         kHashesBytes;
}

uint64_t SegmentBytes(uint64_t count) {
  return HeadBytes(count) + count * kRecordBytes;
}

uint32_t Checksum(std::string_view bytes) {
  return static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(bytes.data()),
            static_cast<uInt>(bytes.size())));
}

uint64_t MixedKey(const Hash& key) {
  uint64_t words[4];
  std::memcpy(words, key.data(), sizeof(words));
  uint64_t mixed = words[0] ^ words[1] * 0x9e3779b97f4a7c15u ^
                   words[2] * 0xbf58476d1ce4e5b9u ^
                   words[3] * 0x94d049bb133111ebu;
  mixed = (mixed ^ mixed >> 31) * 0xd1342543de82ef95u;
  return mixed ^ mixed >> 29;
}

// Calls `visit` with each place of `key` in a filter: a byte and a bit of it.
template <typename Visit>
bool EachProbe(const Hash& key, size_t filter_bytes, Visit visit) {
  const uint64_t mixed = MixedKey(key);
  const uint64_t lines = filter_bytes / kFilterLineBytes;
  const size_t line =
      static_cast<size_t>((mixed >> 32) * lines >> 32) * kFilterLineBytes;
  uint64_t bits = mixed * 0x9e3779b97f4a7c15u;
  for (int i = 0; i < kFilterProbes; ++i) {
    const size_t bit = bits >> 55;  // 9 bits: 512 in a line
    bits <<= 9;
    if (!visit(line + bit / 8, static_cast<uint8_t>(1 << bit % 8))) {
      return false;
    }
  }
  return true;
}

bool FilterMayHold(const std::string& filter, const Hash& key) {
  return EachProbe(key, filter.size(), [&](size_t byte, uint8_t bit) {
    return (static_cast<uint8_t>(filter[byte]) & bit) != 0;
  });
}

void AddToFilter(const Hash& key, std::string* filter) {
  EachProbe(key, filter->size(), [&](size_t byte, uint8_t bit) {
    (*filter)[byte] =
        static_cast<char>(static_cast<uint8_t>((*filter)[byte]) | bit);
    return true;
  });
}

// Fills a trie's upper nodes, 1 to leaves - 1, from its lowest ones, which
// stand from `leaves` on. `counts` says how many keys are below each, 2 for
// more.
void FillTree(size_t leaves, std::vector<Hash>* tree,
              std::vector<uint8_t>* counts) {
  std::vector<NodeJob> jobs;
  for (size_t width = leaves / 2; width > 0; width /= 2) {
    jobs.clear();
    for (size_t node = width; node < 2 * width; ++node) {
      const int left = (*counts)[2 * node], right = (*counts)[2 * node + 1];
      (*counts)[node] = static_cast<uint8_t>(std::min(left + right, 2));
      if (left + right >= 2) {
        jobs.push_back(
            {&(*tree)[2 * node], &(*tree)[2 * node + 1], &(*tree)[node]});
      } else {
        (*tree)[node] = left == 1 ? (*tree)[2 * node] : (*tree)[2 * node + 1];
      }
    }
    HashTrieNodes(jobs.data(), jobs.size());
  }
}

std::vector<uint8_t> BucketCounts(const std::vector<uint32_t>& offsets) {
  std::vector<uint8_t> counts(2 * kBuckets);
  for (int bucket = 0; bucket < kBuckets; ++bucket) {
    counts[kBuckets + bucket] = static_cast<uint8_t>(
        std::min<uint32_t>(offsets[bucket + 1] - offsets[bucket], 2));
  }
  return counts;
}

// The head of a segment from its bytes; null if they are not as written.
std::shared_ptr<const SegmentHead> ParseHead(std::string_view bytes,
                                             uint32_t count) {
  if (bytes.size() != HeadBytes(count) || Be32(bytes) != count ||
      Be32(bytes.substr(4)) != Checksum(bytes.substr(kPreludeBytes))) {
    return nullptr;
  }
  auto head = std::make_shared<SegmentHead>();
  bytes.remove_prefix(kPreludeBytes);
  for (int bucket = 0; bucket < kBuckets; ++bucket) {
    head->checksums.push_back(Be32(bytes.substr(4 * bucket)));
  }
  bytes.remove_prefix(kChecksumsBytes);
  head->filter = std::string(bytes.substr(0, FilterBytes(count)));
  bytes.remove_prefix(FilterBytes(count));
  for (int bucket = 0; bucket <= kBuckets; ++bucket) {
    head->offsets.push_back(Be32(bytes.substr(4 * bucket)));
    if (bucket > 0 && head->offsets[bucket] < head->offsets[bucket - 1]) {
      return nullptr;
    }
  }
  if (head->offsets.front() != 0 || head->offsets.back() != count) {
    return nullptr;
  }
  bytes.remove_prefix(kOffsetsBytes);
  head->tree.resize(2 * kBuckets);
  std::memcpy(&head->tree[kBuckets], bytes.data(), kHashesBytes);
  std::vector<uint8_t> counts = BucketCounts(head->offsets);
  FillTree(kBuckets, &head->tree, &counts);
  return head;
}

// Whether `records` are those of the buckets [first, end) as written.
bool BucketsFit(const SegmentHead& head, int first, int end,
                std::string_view records) {
  for (int bucket = first; bucket < end; ++bucket) {
    const size_t size =
        (head.offsets[bucket + 1] - head.offsets[bucket]) * kRecordBytes;
    if (records.size() < size ||
        Checksum(records.substr(0, size)) != head.checksums[bucket]) {
      return false;
    }
    records.remove_prefix(size);
  }
  return records.empty();
}

void AppendRecords(std::string_view records, uint64_t start,
                   std::vector<IndexEntry>* out) {
  const size_t count = records.size() / kRecordBytes;
  const size_t begin = out->size();
  out->resize(begin + count);
  for (size_t i = 0; i < count; ++i) {
    const char* const record = records.data() + i * kRecordBytes;
    IndexEntry& entry = (*out)[begin + i];
    std::memcpy(entry.key.data(), record, kHashBytes);
    entry.index = start + Be32({record + kHashBytes, 4});
  }
}

absl::Status Unreadable(const RunRange& range, absl::string_view what) {
  return absl::DataLossError(absl::StrCat("the index run of leaves ",
                                          range.start, " to ", range.end - 1,
                                          ": ", what));
}

}  // namespace

int SegmentBits(uint64_t leaves) {
  CHECK_GE(leaves, kSegmentedLeavesMin);
  return 63 - __builtin_clzll(leaves) - 14;
}

// --- TrieRun ---

TrieRun::TrieRun(const RunRange& range, KeyTrie trie)
    : IndexRun(range),
      trie_([&] {
        root_ = trie.Root();
        return std::move(trie);
      }()),
      filter_(FilterBytes(trie_.size()), '\0') {
  entries_ = trie_.size();
  for (const IndexEntry& entry : trie_.entries()) {
    sum_.Add(entry);
    AddToFilter(entry.key, &filter_);
  }
}

absl::StatusOr<std::optional<uint64_t>> TrieRun::Find(const Hash& key) {
  if (!FilterMayHold(filter_, key)) return std::nullopt;
  return trie_.Find(key);
}

absl::StatusOr<TriePath> TrieRun::PathOf(const Hash& key) {
  return trie_.PathOf(key);
}

absl::Status TrieRun::AppendPlaces(const Hash* from, const Hash* to,
                                   std::string* out) {
  trie_.AppendPlaces(from, to, out);
  return absl::OkStatus();
}

const std::vector<IndexEntry>& TrieRun::Sorted() {
  MutexLock lock(&mu_);
  if (!sorted_.has_value()) sorted_ = trie_.Sorted();
  return *sorted_;
}

absl::Status TrieRun::Read(uint64_t prefix, int bits,
                           std::vector<IndexEntry>* out) {
  const std::vector<IndexEntry>& sorted = Sorted();
  const auto below = [bits](const IndexEntry& entry, uint64_t limit) {
    return KeyPrefix(entry.key, bits) < limit;
  };
  const auto begin =
      std::lower_bound(sorted.begin(), sorted.end(), prefix, below);
  const auto end = std::lower_bound(begin, sorted.end(), prefix + 1, below);
  out->insert(out->end(), begin, end);
  return absl::OkStatus();
}

// --- SegmentHead and its cache ---

bool SegmentHead::MayHold(const Hash& key) const {
  return FilterMayHold(filter, key);
}

uint64_t SegmentHead::memory_bytes() const {
  return sizeof(SegmentHead) + offsets.size() * 4 + checksums.size() * 4 +
         tree.size() * kHashBytes + filter.size();
}

uint64_t SegmentHeadCache::NewRun() {
  MutexLock lock(&mu_);
  return ++runs_;
}

std::shared_ptr<const SegmentHead> SegmentHeadCache::Find(uint64_t run,
                                                          uint64_t segment) {
  MutexLock lock(&mu_);
  const auto found = cache_.find({run, segment});
  if (found == cache_.end()) return nullptr;
  ages_.splice(ages_.begin(), ages_, found->second.age);
  return found->second.head;
}

void SegmentHeadCache::Keep(uint64_t run, uint64_t segment,
                            std::shared_ptr<const SegmentHead> head) {
  const uint64_t size = head->memory_bytes();
  MutexLock lock(&mu_);
  const auto [it, added] = cache_.try_emplace({run, segment});
  if (!added) return;
  ages_.push_front({run, segment});
  it->second = {std::move(head), ages_.begin()};
  bytes_ += size;
  while (bytes_ > bytes_max_) {
    const auto oldest = cache_.find(ages_.back());
    bytes_ -= oldest->second.head->memory_bytes();
    cache_.erase(oldest);
    ages_.pop_back();
  }
}

uint64_t SegmentHeadCache::bytes() {
  MutexLock lock(&mu_);
  return bytes_;
}

// --- EncodedRun ---

absl::StatusOr<std::unique_ptr<EncodedRun>> EncodedRun::OpenFile(
    Disk* disk, const std::string& path, const RunRange& range,
    SegmentHeadCache* cache) {
  std::unique_ptr<EncodedRun> run(new EncodedRun(range, cache));
  run->name_ = path;
  ASSIGN_OR_RETURN(run->file_, disk->Open(path, false));
  RETURN_IF_ERROR(run->Open());
  return run;
}

absl::StatusOr<std::unique_ptr<EncodedRun>> EncodedRun::OpenBytes(
    std::string bytes, const RunRange& range, SegmentHeadCache* cache) {
  std::unique_ptr<EncodedRun> run(new EncodedRun(range, cache));
  run->name_ = "an index run in memory";
  run->bytes_ = std::move(bytes);
  RETURN_IF_ERROR(run->Open());
  return run;
}

absl::Status EncodedRun::Damaged(absl::string_view what) const {
  return absl::DataLossError(absl::StrCat(
      name_, " is damaged: ", what,
      "; remove it and start again: it is rebuilt from the entries"));
}

absl::StatusOr<std::string> EncodedRun::Bytes(uint64_t offset, uint64_t size) {
  if (file_ == nullptr) return bytes_.substr(offset, size);
  return file_->ReadAt(offset, size);
}

absl::Status EncodedRun::Open() {
  bits_ = SegmentBits(range_.leaves());
  uint64_t size = bytes_.size();
  if (file_ != nullptr) {
    ASSIGN_OR_RETURN(size, file_->Size());
  }
  const uint64_t end_bytes = segments() * (4 + kHashBytes) + kTrailerBytes;
  const auto not_whole = [this](absl::string_view why) {
    return absl::NotFoundError(absl::StrCat(name_, " is not whole: ", why));
  };
  if (size < end_bytes) return not_whole("it is too short");
  ASSIGN_OR_RETURN(const std::string stored,
                   Bytes(size - end_bytes, end_bytes));
  std::string_view end(stored);
  if (end.size() != end_bytes) return not_whole("it is too short");
  if (vidimus::Bytes(Sha256(end.substr(0, end.size() - kHashBytes))) !=
      end.substr(end.size() - kHashBytes)) {
    return not_whole("its end is missing");
  }
  tree_.resize(2 * segments());
  tree_counts_.resize(2 * segments());
  uint64_t offset = 0;
  for (uint64_t segment = 0; segment < segments(); ++segment) {
    const uint32_t count = Be32(end.substr(4 * segment));
    counts_.push_back(count);
    offsets_.push_back(offset);
    offset += SegmentBytes(count);
    entries_ += count;
    tree_[segments() + segment] = *HashFromBytes(
        end.substr(4 * segments() + kHashBytes * segment, kHashBytes));
    tree_counts_[segments() + segment] =
        static_cast<uint8_t>(std::min<uint32_t>(count, 2));
  }
  offsets_.push_back(offset);
  end.remove_prefix(segments() * (4 + kHashBytes));
  if (end.substr(0, kMagicBytes) != std::string_view(kMagic, kMagicBytes) ||
      Be64(end.substr(kMagicBytes)) != range_.start ||
      Be64(end.substr(kMagicBytes + 8)) != range_.end ||
      Be64(end.substr(kMagicBytes + 16)) != entries_ ||
      offset + end_bytes != size) {
    return Damaged("it is another run's, or of another format");
  }
  end.remove_prefix(kMagicBytes + 24);
  root_ = *HashFromBytes(end.substr(0, kHashBytes));
  sum_ = EntrySum::FromBytes(end.substr(kHashBytes, 32));
  FillTree(segments(), &tree_, &tree_counts_);
  if (tree_[1] != root_) return Damaged("its segments give another root");
  return absl::OkStatus();
}

std::string EncodedRun::Top() const {
  return BytesOfHashes({tree_.data() + segments(), segments()});
}

absl::StatusOr<std::string> EncodedRun::Segment(uint64_t segment) {
  if (segment >= segments()) {
    return absl::NotFoundError("the run has not so many segments");
  }
  ASSIGN_OR_RETURN(const HeadPtr head, Head(segment));
  const uint64_t count = counts_[segment];
  const uint64_t skipped = kPreludeBytes + kChecksumsBytes + FilterBytes(count);
  ASSIGN_OR_RETURN(std::string bytes, Bytes(offsets_[segment] + skipped,
                                            SegmentBytes(count) - skipped));
  if (bytes.size() != SegmentBytes(count) - skipped ||
      std::string_view(bytes).substr(kOffsetsBytes, kHashesBytes) !=
          BytesOfHashes({&head->tree[kBuckets], kBuckets}) ||
      !BucketsFit(
          *head, 0, kBuckets,
          std::string_view(bytes).substr(kOffsetsBytes + kHashesBytes))) {
    return Damaged(absl::StrCat("segment ", segment));
  }
  return bytes;
}

uint64_t EncodedRun::memory_bytes() const {
  return bytes_.size() + offsets_.size() * 12 + tree_.size() * 33;
}

absl::StatusOr<EncodedRun::HeadPtr> EncodedRun::Head(uint64_t segment) {
  if (HeadPtr head = cache_->Find(cache_number_, segment)) return head;
  const uint32_t count = counts_[segment];
  ASSIGN_OR_RETURN(const std::string bytes,
                   Bytes(offsets_[segment], HeadBytes(count)));
  HeadPtr head = ParseHead(bytes, count);
  if (head == nullptr || head->tree[1] != tree_[segments() + segment]) {
    return Damaged(absl::StrCat("the head of segment ", segment));
  }
  cache_->Keep(cache_number_, segment, head);
  return head;
}

absl::Status EncodedRun::ReadBuckets(uint64_t segment, const SegmentHead& head,
                                     int first, int end,
                                     std::vector<IndexEntry>* out) {
  const uint64_t offset = offsets_[segment] + HeadBytes(counts_[segment]) +
                          uint64_t{head.offsets[first]} * kRecordBytes;
  const uint64_t size =
      uint64_t{head.offsets[end] - head.offsets[first]} * kRecordBytes;
  ASSIGN_OR_RETURN(const std::string bytes, Bytes(offset, size));
  if (!BucketsFit(head, first, end, bytes)) {
    return Damaged(absl::StrCat("buckets ", first, " to ", end - 1,
                                " of segment ", segment));
  }
  AppendRecords(bytes, range_.start, out);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<uint64_t>> EncodedRun::Find(const Hash& key) {
  const uint64_t segment = KeyPrefix(key, bits_);
  if (counts_[segment] == 0) return std::nullopt;
  ASSIGN_OR_RETURN(const HeadPtr head, Head(segment));
  if (!head->MayHold(key)) return std::nullopt;
  const int bucket =
      static_cast<int>(KeyPrefix(key, bits_ + kBucketBits) % kBuckets);
  std::vector<IndexEntry> entries;
  RETURN_IF_ERROR(ReadBuckets(segment, *head, bucket, bucket + 1, &entries));
  const auto found =
      std::lower_bound(entries.begin(), entries.end(), key,
                       [](const IndexEntry& entry, const Hash& k) {
                         return KeyLess(entry.key, k);
                       });
  if (found == entries.end() || found->key != key) return std::nullopt;
  return found->index;
}

int EncodedRun::CountAt(const Place& place, const SegmentHead* head) const {
  if (place.depth <= bits_) {
    return tree_counts_[uint64_t{1} << place.depth | place.prefix];
  }
  // The entries of the buckets below.
  const int below = bits_ + kBucketBits - place.depth;
  const uint64_t first = place.prefix << below & (kBuckets - 1);
  const uint32_t count =
      head->offsets[first + (uint64_t{1} << below)] - head->offsets[first];
  return static_cast<int>(std::min<uint32_t>(count, 2));
}

const Hash& EncodedRun::HashAt(const Place& place,
                               const SegmentHead* head) const {
  if (place.depth <= bits_) {
    return tree_[uint64_t{1} << place.depth | place.prefix];
  }
  const int depth = place.depth - bits_;
  const uint64_t mask = (uint64_t{1} << depth) - 1;
  return head->tree[uint64_t{1} << depth | (place.prefix & mask)];
}

absl::StatusOr<IndexEntry> EncodedRun::OnlyEntry(Place place, HeadPtr head) {
  while (place.depth < bits_ + kBucketBits) {
    if (place.depth == bits_ && head == nullptr) {
      ASSIGN_OR_RETURN(head, Head(place.prefix));
    }
    place = {place.depth + 1, 2 * place.prefix};
    if (CountAt(place, head.get()) == 0) ++place.prefix;
  }
  const int bucket = static_cast<int>(place.prefix % kBuckets);
  std::vector<IndexEntry> entries;
  RETURN_IF_ERROR(ReadBuckets(place.prefix >> kBucketBits, *head, bucket,
                              bucket + 1, &entries));
  if (entries.size() != 1) return Damaged("a bucket has not one key");
  return entries.front();
}

absl::StatusOr<TriePath> EncodedRun::PathOf(const Hash& key) {
  TriePath path;
  HeadPtr head;
  Place place;
  while (true) {
    if (place.depth == bits_ && head == nullptr) {
      ASSIGN_OR_RETURN(head, Head(place.prefix));
    }
    const int count = CountAt(place, head.get());
    if (count == 0) return path;
    if (count == 1) {
      ASSIGN_OR_RETURN(path.end, OnlyEntry(place, head));
      return path;
    }
    if (place.depth == bits_ + kBucketBits) break;
    const Place below = {place.depth + 1, KeyPrefix(key, place.depth + 1)};
    path.siblings.push_back(
        HashAt({below.depth, below.prefix ^ 1}, head.get()));
    place = below;
  }
  const int bucket = static_cast<int>(place.prefix % kBuckets);
  std::vector<IndexEntry> entries;
  RETURN_IF_ERROR(ReadBuckets(place.prefix >> kBucketBits, *head, bucket,
                              bucket + 1, &entries));
  AppendPathBelow(entries.data(), entries.data() + entries.size(),
                  static_cast<size_t>(place.depth), key, &path);
  return path;
}

absl::Status EncodedRun::AppendPlaces(const Hash* from, const Hash* to,
                                      std::string* out) {
  return AppendPlacesAt(Place(), nullptr, from, to, out);
}

absl::Status EncodedRun::AppendPlacesAt(const Place& place, HeadPtr head,
                                        const Hash* from, const Hash* to,
                                        std::string* out) {
  const int count = CountAt(place, head.get());
  if (count == 0) {
    AppendEmptyPlace(out);
    return absl::OkStatus();
  }
  if (from == to) {
    AppendElsewherePlace(HashAt(place, head.get()), out);
    return absl::OkStatus();
  }
  if (count == 1) {
    ASSIGN_OR_RETURN(const IndexEntry entry, OnlyEntry(place, head));
    AppendEntryPlace(entry, out);
    return absl::OkStatus();
  }
  if (place.depth == bits_ && head == nullptr) {
    ASSIGN_OR_RETURN(head, Head(place.prefix));
  }
  if (place.depth == bits_ + kBucketBits) {
    const int bucket = static_cast<int>(place.prefix % kBuckets);
    std::vector<IndexEntry> entries;
    RETURN_IF_ERROR(ReadBuckets(place.prefix >> kBucketBits, *head, bucket,
                                bucket + 1, &entries));
    AppendPlacesBelow(entries.data(), entries.data() + entries.size(),
                      static_cast<size_t>(place.depth), from, to, out);
    return absl::OkStatus();
  }
  AppendNodePlace(out);
  const Hash* const split =
      SplitKeys(from, to, static_cast<size_t>(place.depth));
  const Place left = {place.depth + 1, 2 * place.prefix};
  const Place right = {place.depth + 1, 2 * place.prefix + 1};
  RETURN_IF_ERROR(AppendPlacesAt(left, head, from, split, out));
  return AppendPlacesAt(right, head, split, to, out);
}

absl::Status EncodedRun::Read(uint64_t prefix, int bits,
                              std::vector<IndexEntry>* out) {
  // A prefix is part of a segment, or several of them.
  const uint64_t first =
      bits >= bits_ ? prefix >> (bits - bits_) : prefix << (bits_ - bits);
  const uint64_t end =
      bits >= bits_ ? first + 1 : (prefix + 1) << (bits_ - bits);
  for (uint64_t segment = first; segment < end; ++segment) {
    ASSIGN_OR_RETURN(const HeadPtr head, Head(segment));
    int begin_bucket = 0, end_bucket = kBuckets;
    const int inside = bits - bits_;
    if (inside > 0) {
      CHECK_LE(inside, kBucketBits);
      const int width = kBuckets >> inside;
      begin_bucket = static_cast<int>(prefix % (uint64_t{1} << inside)) * width;
      end_bucket = begin_bucket + width;
    }
    RETURN_IF_ERROR(ReadBuckets(segment, *head, begin_bucket, end_bucket, out));
  }
  return absl::OkStatus();
}

// --- RunWriter ---

RunWriter::RunWriter(const RunRange& range)
    : range_(range), bits_(SegmentBits(range.leaves())) {}

absl::StatusOr<std::unique_ptr<RunWriter>> RunWriter::OnFile(
    Disk* disk, const std::string& path, const RunRange& range) {
  auto writer = std::make_unique<RunWriter>(range);
  ASSIGN_OR_RETURN(writer->file_, disk->Open(path, false));
  RETURN_IF_ERROR(writer->Resume());
  return writer;
}

absl::Status RunWriter::Resume() {
  ASSIGN_OR_RETURN(const uint64_t size, file_->Size());
  while (next() < segments() && size - written_ >= kPreludeBytes) {
    ASSIGN_OR_RETURN(const std::string prelude,
                     file_->ReadAt(written_, kPreludeBytes));
    if (prelude.size() < kPreludeBytes) break;
    const uint32_t count = Be32(prelude);
    if (count > range_.leaves() || size - written_ < SegmentBytes(count)) break;
    ASSIGN_OR_RETURN(const std::string bytes,
                     file_->ReadAt(written_, SegmentBytes(count)));
    const std::string_view segment(bytes);
    if (segment.size() != SegmentBytes(count)) break;
    const auto head = ParseHead(segment.substr(0, HeadBytes(count)), count);
    if (head == nullptr ||
        !BucketsFit(*head, 0, kBuckets, segment.substr(HeadBytes(count)))) {
      break;
    }
    std::vector<IndexEntry> entries;
    AppendRecords(segment.substr(HeadBytes(count)), range_.start, &entries);
    for (const IndexEntry& entry : entries) sum_.Add(entry);
    counts_.push_back(count);
    tops_.push_back(head->tree[1]);
    written_ += segment.size();
  }
  return absl::OkStatus();
}

absl::Status RunWriter::Append(const std::string& bytes) {
  if (file_ == nullptr) {
    bytes_ += bytes;
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(file_->WriteAt(written_, bytes));
  written_ += bytes.size();
  unsynced_ += bytes.size();
  if (unsynced_ < kUnsyncedBytesMax) return absl::OkStatus();
  unsynced_ = 0;
  return file_->Sync();
}

absl::Status RunWriter::Add(const std::vector<IndexEntry>& entries) {
  CHECK_LT(next(), segments());
  const auto count = static_cast<uint32_t>(entries.size());
  const auto bucket_of = [this](const IndexEntry& entry) {
    return static_cast<int>(KeyPrefix(entry.key, bits_ + kBucketBits) %
                            kBuckets);
  };
  std::vector<uint32_t> offsets = {0};
  const IndexEntry* begin = entries.data();
  const IndexEntry* const last = begin + entries.size();
  const auto depth = static_cast<size_t>(bits_ + kBucketBits);
  for (int bucket = 0; bucket < kBuckets; ++bucket) {
    const IndexEntry* end = begin;
    while (end != last && bucket_of(*end) == bucket) ++end;
    hasher_.Add(begin, end, depth);
    offsets.push_back(static_cast<uint32_t>(end - entries.data()));
    begin = end;
  }
  CHECK(begin == last);
  std::vector<Hash> tree(2 * kBuckets);
  const std::vector<Hash> hashes = hasher_.Run();
  std::copy(hashes.begin(), hashes.end(), tree.begin() + kBuckets);

  std::string filter(FilterBytes(count), '\0');
  std::string records;
  records.resize(entries.size() * kRecordBytes);
  for (size_t i = 0; i < entries.size(); ++i) {
    const IndexEntry& entry = entries[i];
    CHECK(range_.Holds(entry.index));
    sum_.Add(entry);
    AddToFilter(entry.key, &filter);
    char* const record = &records[i * kRecordBytes];
    std::memcpy(record, entry.key.data(), kHashBytes);
    const uint32_t index =
        __builtin_bswap32(static_cast<uint32_t>(entry.index - range_.start));
    std::memcpy(record + kHashBytes, &index, 4);
  }

  std::string rest;
  rest.reserve(SegmentBytes(count));
  for (int bucket = 0; bucket < kBuckets; ++bucket) {
    AppendBe32(Checksum(std::string_view(records).substr(
                   offsets[bucket] * kRecordBytes,
                   (offsets[bucket + 1] - offsets[bucket]) * kRecordBytes)),
               &rest);
  }
  rest += filter;
  for (const uint32_t offset : offsets) AppendBe32(offset, &rest);
  rest += BytesOfHashes(hashes);
  std::string bytes;
  bytes.reserve(SegmentBytes(count));
  AppendBe32(count, &bytes);
  AppendBe32(Checksum(rest), &bytes);
  bytes += rest;
  bytes += records;
  RETURN_IF_ERROR(Append(bytes));

  std::vector<uint8_t> counts = BucketCounts(offsets);
  FillTree(kBuckets, &tree, &counts);
  counts_.push_back(count);
  tops_.push_back(tree[1]);
  return absl::OkStatus();
}

absl::Status RunWriter::Finish() {
  CHECK_EQ(next(), segments());
  std::vector<Hash> tree(2 * segments());
  std::vector<uint8_t> tree_counts(2 * segments());
  uint64_t entries = 0;
  std::string end;
  for (uint64_t segment = 0; segment < segments(); ++segment) {
    AppendBe32(counts_[segment], &end);
    entries += counts_[segment];
    tree[segments() + segment] = tops_[segment];
    tree_counts[segments() + segment] =
        static_cast<uint8_t>(std::min<uint32_t>(counts_[segment], 2));
  }
  FillTree(segments(), &tree, &tree_counts);
  end += BytesOfHashes(tops_);
  end.append(kMagic, kMagicBytes);
  AppendBe64(range_.start, &end);
  AppendBe64(range_.end, &end);
  AppendBe64(entries, &end);
  end += Bytes(tree[1]);
  end += sum_.ToBytes();
  end += Bytes(Sha256(end));
  // What the end vouches for is durable before the end is.
  if (file_ != nullptr) RETURN_IF_ERROR(file_->Sync());
  RETURN_IF_ERROR(Append(end));
  return file_ == nullptr ? absl::OkStatus() : file_->Sync();
}

// --- RunJudge ---

RunJudge::RunJudge(IndexRun* run)
    : run_(run),
      // Enough groups that one in kSampled is a small part.
      bits_(std::max(SegmentBits(run->range().leaves()), 4)),
      short_(run->range().leaves() <= kShortLeavesMax) {}

absl::Status RunJudge::Step() {
  CHECK(!done());
  entries_.clear();
  RETURN_IF_ERROR(run_->Read(next_, bits_, &entries_));
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (!run_->range().Holds(entries_[i].index) ||
        KeyPrefix(entries_[i].key, bits_) != next_ ||
        (i > 0 && !KeyLess(entries_[i - 1], entries_[i]))) {
      return Unreadable(run_->range(), "a key does not belong where it is");
    }
    sum_.Add(entries_[i]);
  }
  RETURN_IF_ERROR(JudgeGroup());
  ++next_;
  return done() ? JudgeAll() : absl::OkStatus();
}

absl::Status RunJudge::JudgeGroup() {
  constexpr uint64_t kSampled = 16;
  if (short_) {
    for (const IndexEntry& entry : entries_) {
      const Finding finding = builder_.Add(entry);
      if (finding != Finding::kOk) {
        return Unreadable(run_->range(), FindingSentence(finding));
      }
    }
    return absl::OkStatus();
  }
  const IndexEntry* const begin = entries_.data();
  const IndexEntry* const end = begin + entries_.size();
  const auto depth = static_cast<size_t>(bits_);
  hasher_.Add(begin, end, depth);
  Hash hash = hasher_.Run().front();
  counts_.push_back(entries_.size());
  hashes_.push_back(hash);
  // Another one of each run.
  if ((next_ + run_->range().start / kSegmentedLeavesMin) % kSampled != 0) {
    return absl::OkStatus();
  }
  // The builder begins at the root: above the group it has nothing beside it.
  for (size_t place = depth; entries_.size() > 1 && place-- > 0;) {
    hash = KeyBit(begin->key, place) ? TrieNodeHash(kEmpty, hash)
                                     : TrieNodeHash(hash, kEmpty);
  }
  RunRootBuilder builder;
  for (const IndexEntry& entry : entries_) {
    if (builder.Add(entry) != Finding::kOk) {
      return Unreadable(run_->range(), "its keys do not ascend");
    }
  }
  if (builder.Root() == hash) return absl::OkStatus();
  return Unreadable(run_->range(), "its keys give another hash");
}

absl::Status RunJudge::JudgeAll() const {
  if (sum_ != run_->sum()) {
    return Unreadable(run_->range(), "its keys are not those it was made from");
  }
  Hash root = builder_.Root();
  if (!short_) {
    std::vector<Hash> hashes = hashes_;
    std::vector<uint64_t> counts = counts_;
    while (hashes.size() > 1) {
      for (size_t i = 0; i < hashes.size() / 2; ++i) {
        const uint64_t left = counts[2 * i], right = counts[2 * i + 1];
        hashes[i] = left + right < 2
                        ? (left == 1 ? hashes[2 * i] : hashes[2 * i + 1])
                        : TrieNodeHash(hashes[2 * i], hashes[2 * i + 1]);
        counts[i] = left + right;
      }
      hashes.resize(hashes.size() / 2);
      counts.resize(counts.size() / 2);
    }
    root = hashes.front();
  }
  if (root == run_->root()) return absl::OkStatus();
  return Unreadable(run_->range(), "its keys give another root");
}

}  // namespace vidimus
