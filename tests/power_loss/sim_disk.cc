#include "tests/power_loss/sim_disk.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "verifier/check.h"

namespace vidimus {
namespace {

constexpr size_t kSectorBytes = 512;
constexpr size_t kBufferBytes = 65536;  // as LevelDB's own files have it

constexpr char kNoSuchFile[] = "No such file or directory";

std::string Plain(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

std::string ParentOf(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

absl::Status ToStatus(const std::string& doing, const std::string& path,
                      const std::string& why) {
  if (why.empty()) return absl::OkStatus();
  const std::string message = absl::StrCat(doing, " ", path, ": ", why);
  if (why == kNoSuchFile) return absl::NotFoundError(message);
  if (why == "Read-only file system" || absl::StrContains(why, "holds it")) {
    return absl::FailedPreconditionError(message);
  }
  return absl::UnavailableError(message);
}

leveldb::Status ToLevelDb(const std::string& path, const std::string& why) {
  if (why.empty()) return leveldb::Status::OK();
  return why == kNoSuchFile ? leveldb::Status::NotFound(path, why)
                            : leveldb::Status::IOError(path, why);
}

}  // namespace

const char* AftermathName(Aftermath aftermath) {
  switch (aftermath) {
    case Aftermath::kKeep:
      return "keep";
    case Aftermath::kDrop:
      return "drop";
    case Aftermath::kTear:
      return "tear";
  }
  return "unknown";
}

// --- Files as Disk gives them ---

class SimDisk::OpenFile : public DiskFile {
 public:
  OpenFile(SimDisk* disk, std::string path, NodePtr node, bool exclusive)
      : disk_(disk),
        path_(std::move(path)),
        node_(std::move(node)),
        exclusive_(exclusive) {}
  ~OpenFile() override {
    MutexLock lock(&disk_->mu_);
    --disk_->open_files_;
    if (exclusive_) disk_->locked_.erase(path_);
  }

  absl::StatusOr<std::string> ReadAt(uint64_t offset, size_t size) override {
    std::string bytes;
    const std::string why = disk_->Read(node_, offset, size, &bytes);
    if (!why.empty()) return ToStatus("reading", path_, why);
    return bytes;
  }
  absl::Status WriteAt(uint64_t offset, absl::string_view bytes) override {
    return ToStatus("writing", path_,
                    disk_->Write(path_, node_, offset, std::string(bytes)));
  }
  absl::Status Sync() override {
    return ToStatus("syncing", path_, disk_->Sync(path_, node_));
  }
  absl::StatusOr<uint64_t> Size() override {
    MutexLock lock(&disk_->mu_);
    std::string why;
    if (!disk_->NextRead(&why)) {
      return ToStatus("asking for the size of", path_, why);
    }
    return node_->live.size();
  }

 private:
  SimDisk* const disk_;
  const std::string path_;
  const NodePtr node_;
  const bool exclusive_;
};

// --- Files as LevelDB wants them ---

class SimDisk::Reader : public leveldb::SequentialFile,
                        public leveldb::RandomAccessFile {
 public:
  Reader(SimDisk* disk, std::string path, NodePtr node)
      : disk_(disk), path_(std::move(path)), node_(std::move(node)) {}
  ~Reader() override {
    MutexLock lock(&disk_->mu_);
    --disk_->open_files_;
  }

  leveldb::Status Read(size_t size, leveldb::Slice* result,
                       char* scratch) override {
    const leveldb::Status status = Read(offset_, size, result, scratch);
    offset_ += result->size();
    return status;
  }
  leveldb::Status Skip(uint64_t size) override {
    offset_ += size;
    return leveldb::Status::OK();
  }
  leveldb::Status Read(uint64_t offset, size_t size, leveldb::Slice* result,
                       char* scratch) const override {
    std::string bytes;
    const std::string why = disk_->Read(node_, offset, size, &bytes);
    std::memcpy(scratch, bytes.data(), bytes.size());
    *result = leveldb::Slice(scratch, bytes.size());
    return ToLevelDb(path_, why);
  }

 private:
  SimDisk* const disk_;
  const std::string path_;
  const NodePtr node_;
  uint64_t offset_ = 0;
};

// Buffers like LevelDB's own, so that its calls are the real ones.
class SimDisk::Appender : public leveldb::WritableFile {
 public:
  Appender(SimDisk* disk, std::string path, NodePtr node, uint64_t size)
      : disk_(disk),
        path_(std::move(path)),
        node_(std::move(node)),
        written_(size) {}
  ~Appender() override {
    Flush();
    MutexLock lock(&disk_->mu_);
    --disk_->open_files_;
  }

  leveldb::Status Append(const leveldb::Slice& bytes) override {
    buffer_.append(bytes.data(), bytes.size());
    return buffer_.size() < kBufferBytes ? leveldb::Status::OK() : Flush();
  }
  leveldb::Status Flush() override {
    if (buffer_.empty()) return leveldb::Status::OK();
    const std::string bytes = std::move(buffer_);
    buffer_.clear();
    const std::string why = disk_->Write(path_, node_, written_, bytes);
    if (why.empty()) written_ += bytes.size();
    return ToLevelDb(path_, why);
  }
  leveldb::Status Sync() override {
    const leveldb::Status flushed = Flush();
    if (!flushed.ok()) return flushed;
    return ToLevelDb(path_, disk_->Sync(path_, node_));
  }
  leveldb::Status Close() override { return Flush(); }

 private:
  SimDisk* const disk_;
  const std::string path_;
  const NodePtr node_;
  uint64_t written_;
  std::string buffer_;
};

class SimDisk::Env : public leveldb::EnvWrapper {
 public:
  explicit Env(SimDisk* disk)
      : EnvWrapper(leveldb::Env::Default()), disk_(disk) {}

  leveldb::Status NewSequentialFile(const std::string& path,
                                    leveldb::SequentialFile** file) override {
    return OpenReader(path, file);
  }
  leveldb::Status NewRandomAccessFile(
      const std::string& path, leveldb::RandomAccessFile** file) override {
    return OpenReader(path, file);
  }

  leveldb::Status NewWritableFile(const std::string& path,
                                  leveldb::WritableFile** file) override {
    *file = nullptr;
    MutexLock lock(&disk_->mu_);
    NodePtr node = disk_->Find(path);
    std::string why = disk_->CheckParent(path);
    if (why.empty() && node != nullptr) why = disk_->Truncate(path, node);
    if (why.empty() && node == nullptr) {
      node = std::make_shared<Node>();
      why = disk_->ChangeName("make", {ParentOf(path), path, node, ""}, true);
    }
    if (!why.empty()) return ToLevelDb(path, why);
    ++disk_->open_files_;
    *file = new Appender(disk_, path, node, 0);
    return leveldb::Status::OK();
  }
  // LevelDB appends only when told to reuse its logs.
  leveldb::Status NewAppendableFile(const std::string& path,
                                    leveldb::WritableFile** file) override {
    *file = nullptr;
    return leveldb::Status::NotSupported(path, "appending");
  }

  bool FileExists(const std::string& path) override {
    MutexLock lock(&disk_->mu_);
    return disk_->Find(path) != nullptr;
  }
  leveldb::Status GetChildren(const std::string& folder,
                              std::vector<std::string>* names) override {
    absl::StatusOr<std::vector<std::string>> listed = disk_->List(folder);
    names->clear();
    if (!listed.ok()) {
      return leveldb::Status::IOError(std::string(listed.status().message()));
    }
    *names = *std::move(listed);
    return leveldb::Status::OK();
  }
  leveldb::Status RemoveFile(const std::string& path) override {
    MutexLock lock(&disk_->mu_);
    if (disk_->Find(path) == nullptr) return ToLevelDb(path, kNoSuchFile);
    return ToLevelDb(
        path, disk_->ChangeName("remove", {ParentOf(path), path, nullptr, ""},
                                false));
  }
  leveldb::Status CreateDir(const std::string& folder) override {
    MutexLock lock(&disk_->mu_);
    const std::string path = Plain(folder);
    if (disk_->Find(path) != nullptr) return ToLevelDb(path, "File exists");
    auto node = std::make_shared<Node>();
    node->folder = true;
    return ToLevelDb(
        path, disk_->ChangeName("make folder", {ParentOf(path), path, node, ""},
                                true));
  }
  leveldb::Status RemoveDir(const std::string& folder) override {
    return leveldb::Status::NotSupported(folder, "removing folders");
  }
  leveldb::Status GetFileSize(const std::string& path,
                              uint64_t* size) override {
    MutexLock lock(&disk_->mu_);
    std::string why;
    const NodePtr node = disk_->Find(path);
    *size = node == nullptr ? 0 : node->live.size();
    if (disk_->NextRead(&why) && node == nullptr) why = kNoSuchFile;
    return ToLevelDb(path, why);
  }
  leveldb::Status RenameFile(const std::string& from,
                             const std::string& to) override {
    MutexLock lock(&disk_->mu_);
    CHECK(ParentOf(from) == ParentOf(to));
    const NodePtr node = disk_->Find(from);
    if (node == nullptr) return ToLevelDb(from, kNoSuchFile);
    return ToLevelDb(
        from,
        disk_->ChangeName("rename to", {ParentOf(to), to, node, from}, false));
  }

  leveldb::Status LockFile(const std::string& path,
                           leveldb::FileLock** held) override {
    *held = nullptr;
    MutexLock lock(&disk_->mu_);
    std::string why = disk_->CheckParent(path);
    if (why.empty() && disk_->Find(path) == nullptr) {
      why = disk_->ChangeName(
          "make", {ParentOf(path), path, std::make_shared<Node>(), ""}, true);
    }
    if (why.empty() && !disk_->locked_.insert(path).second) {
      why = "Resource temporarily unavailable";
    }
    if (!why.empty()) return ToLevelDb(path, why);
    *held = new Held(path);
    return leveldb::Status::OK();
  }
  leveldb::Status UnlockFile(leveldb::FileLock* lock) override {
    const std::unique_ptr<Held> held(static_cast<Held*>(lock));
    MutexLock hold(&disk_->mu_);
    disk_->locked_.erase(held->path);
    return leveldb::Status::OK();
  }

 private:
  struct Held : leveldb::FileLock {
    explicit Held(std::string p) : path(std::move(p)) {}
    const std::string path;
  };

  template <typename File>
  leveldb::Status OpenReader(const std::string& path, File** file) {
    *file = nullptr;
    MutexLock lock(&disk_->mu_);
    std::string why;
    const NodePtr node = disk_->Find(path);
    if (disk_->NextRead(&why) && node == nullptr) why = kNoSuchFile;
    if (!why.empty()) return ToLevelDb(path, why);
    ++disk_->open_files_;
    *file = new Reader(disk_, path, node);
    return leveldb::Status::OK();
  }

  SimDisk* const disk_;
};

// --- The disk ---

SimDisk::SimDisk() : env_(std::make_unique<Env>(this)) {
  auto root = std::make_shared<Node>();
  root->folder = true;
  MutexLock lock(&mu_);
  live_[kRoot] = root;
  durable_[kRoot] = root;
}

SimDisk::~SimDisk() = default;

leveldb::Env* SimDisk::env() { return env_.get(); }

uint64_t SimDisk::calls() const {
  MutexLock lock(&mu_);
  return calls_.size();
}

std::string SimDisk::CallName(uint64_t number) const {
  MutexLock lock(&mu_);
  if (number == 0 || number > calls_.size()) return "none";
  return calls_[number - 1];
}

uint64_t SimDisk::reads() const {
  MutexLock lock(&mu_);
  return reads_;
}

void SimDisk::CutPowerAt(uint64_t number) {
  MutexLock lock(&mu_);
  cut_at_ = number;
}

bool SimDisk::dark() const {
  MutexLock lock(&mu_);
  return dark_;
}

void SimDisk::FailCall(uint64_t number, bool effect) {
  MutexLock lock(&mu_);
  fail_call_ = number;
  fail_with_effect_ = effect;
}

void SimDisk::FailRead(uint64_t number) {
  MutexLock lock(&mu_);
  fail_read_ = number;
}

void SimDisk::SetFull(bool full) {
  MutexLock lock(&mu_);
  full_ = full;
}

void SimDisk::SetReadOnly(bool read_only) {
  MutexLock lock(&mu_);
  read_only_ = read_only;
}

void SimDisk::PowerOn(Aftermath aftermath, uint64_t seed) {
  std::mt19937_64 random(seed);
  MutexLock lock(&mu_);
  CHECK_EQ(open_files_, 0);
  CHECK(locked_.empty());
  const auto below = [&](uint64_t bound) { return random() % bound; };

  // Names.
  size_t names = pending_names_.size();
  bool holes = false;
  if (aftermath == Aftermath::kDrop) names = 0;
  if (aftermath == Aftermath::kTear) {
    holes = below(2) == 0;
    if (!holes) names = below(names + 1);
  }
  for (size_t i = 0; i < names; ++i) {
    if (!holes || below(2) == 0) Apply(pending_names_[i], &durable_);
  }
  // What lies in a folder that is gone is gone.
  for (auto it = durable_.begin(); it != durable_.end();) {
    if (it->first != kRoot && durable_.count(ParentOf(it->first)) == 0) {
      it = durable_.erase(it);
    } else {
      ++it;
    }
  }

  // Bytes.
  std::set<Node*> settled;
  for (auto& [path, node] : durable_) {
    if (!settled.insert(node.get()).second) continue;
    size_t bytes = 0;
    for (const Change& change : node->pending) {
      bytes += change.bytes.size() + 1;  // a truncation is one step too
    }
    size_t kept = bytes;
    if (aftermath == Aftermath::kDrop) kept = 0;
    if (aftermath == Aftermath::kTear) {
      switch (below(4)) {
        case 0:
          kept = 0;
          break;
        case 1:
          break;
        case 2:
          kept = below(bytes + 1);
          break;
        case 3:
          kept = below(bytes + 1);
          kept -= kept % kSectorBytes;
          break;
      }
    }
    for (Change& change : node->pending) {
      const size_t size = change.bytes.size() + 1;
      if (kept < size) {
        change.bytes.resize(kept);
        if (!change.truncate && kept > 0) Apply(change, &node->durable);
        break;
      }
      kept -= size;
      Apply(change, &node->durable);
    }
    node->live = node->durable;
    node->pending.clear();
  }
  live_ = durable_;
  pending_names_.clear();
  cut_at_ = 0;
  dark_ = false;
}

std::map<std::string, std::string> SimDisk::Copy(
    const std::string& folder) const {
  MutexLock lock(&mu_);
  std::map<std::string, std::string> files;
  for (const auto& [path, node] : live_) {
    if (!node->folder && ParentOf(path) == folder) files[path] = node->live;
  }
  return files;
}

void SimDisk::PutBack(const std::string& folder,
                      const std::map<std::string, std::string>& files) {
  MutexLock lock(&mu_);
  for (Names* names : {&live_, &durable_}) {
    for (auto it = names->begin(); it != names->end();) {
      const bool ours = !it->second->folder && ParentOf(it->first) == folder;
      it = ours ? names->erase(it) : std::next(it);
    }
  }
  pending_names_.erase(
      std::remove_if(pending_names_.begin(), pending_names_.end(),
                     [&](const NameChange& c) { return c.folder == folder; }),
      pending_names_.end());
  for (const auto& [path, content] : files) {
    auto node = std::make_shared<Node>();
    node->live = node->durable = content;
    live_[path] = durable_[path] = node;
  }
}

SimDisk::Turn SimDisk::Next(const char* what, const std::string& path,
                            bool grows, std::string* why) {
  calls_.push_back(absl::StrCat(what, " ", path));
  if (calls_.size() == cut_at_) dark_ = true;
  if (dark_) {
    *why = "the power is gone";
    return Turn::kFail;
  }
  if (read_only_) {
    *why = "Read-only file system";
    return Turn::kFail;
  }
  if (full_ && grows) {
    *why = "No space left on device";
    return Turn::kFail;
  }
  if (calls_.size() == fail_call_) {
    *why = "Input/output error";
    return fail_with_effect_ ? Turn::kFailWithEffect : Turn::kFail;
  }
  return Turn::kGo;
}

bool SimDisk::NextRead(std::string* why) {
  ++reads_;
  if (dark_) *why = "the power is gone";
  if (reads_ == fail_read_) *why = "Input/output error";
  return why->empty();
}

SimDisk::NodePtr SimDisk::Find(const std::string& path) const {
  const auto it = live_.find(path);
  return it == live_.end() ? nullptr : it->second;
}

std::string SimDisk::CheckParent(const std::string& path) {
  const NodePtr parent = Find(ParentOf(path));
  return parent != nullptr && parent->folder ? "" : kNoSuchFile;
}

void SimDisk::Apply(const Change& change, std::string* content) {
  if (change.truncate) {
    content->clear();
    return;
  }
  const size_t end = change.offset + change.bytes.size();
  if (content->size() < end) content->resize(end, '\0');
  content->replace(change.offset, change.bytes.size(), change.bytes);
}

void SimDisk::Apply(const NameChange& change, Names* names) {
  if (!change.from.empty()) names->erase(change.from);
  if (change.node == nullptr) {
    names->erase(change.path);
  } else {
    (*names)[change.path] = change.node;
  }
}

std::string SimDisk::Write(const std::string& path, const NodePtr& node,
                           uint64_t offset, const std::string& bytes) {
  MutexLock lock(&mu_);
  std::string why;
  const bool grows = offset + bytes.size() > node->live.size();
  const Turn turn = Next("write", path, grows, &why);
  if (turn == Turn::kFail) return why;
  const Change change{false, offset, bytes};
  Apply(change, &node->live);
  if (turn == Turn::kFailWithEffect) {
    // All before it must have reached the disk as well.
    for (const Change& earlier : node->pending) {
      Apply(earlier, &node->durable);
    }
    node->pending.clear();
    Apply(change, &node->durable);
  } else {
    node->pending.push_back(change);
  }
  return why;
}

std::string SimDisk::Truncate(const std::string& path, const NodePtr& node) {
  std::string why;
  const Turn turn = Next("truncate", path, false, &why);
  if (turn == Turn::kFail) return why;
  node->live.clear();
  if (turn == Turn::kFailWithEffect) {
    node->durable.clear();
    node->pending.clear();
  } else {
    node->pending.push_back({true, 0, ""});
  }
  return why;
}

std::string SimDisk::Sync(const std::string& path, const NodePtr& node) {
  MutexLock lock(&mu_);
  std::string why;
  if (Next("sync", path, false, &why) != Turn::kFail) {
    for (const Change& change : node->pending) Apply(change, &node->durable);
  } else if (dark_) {
    return why;  // what was not synced waits for its fate
  }
  node->pending.clear();
  return why;
}

std::string SimDisk::ChangeName(const char* what, NameChange change,
                                bool grows) {
  std::string why = CheckParent(change.path);
  if (!why.empty()) return why;
  const Turn turn = Next(what, change.path, grows, &why);
  if (turn == Turn::kFail) return why;
  Apply(change, &live_);
  if (turn == Turn::kFailWithEffect) {
    Apply(change, &durable_);
  } else {
    pending_names_.push_back(std::move(change));
  }
  return why;
}

std::string SimDisk::SyncNames(const std::string& folder) {
  MutexLock lock(&mu_);
  const NodePtr node = Find(folder);
  if (node == nullptr || !node->folder) return kNoSuchFile;
  std::string why;
  const bool synced = Next("sync folder", folder, false, &why) != Turn::kFail;
  if (!synced) return why;
  std::vector<NameChange> left;
  for (NameChange& change : pending_names_) {
    if (change.folder == folder) {
      Apply(change, &durable_);
    } else {
      left.push_back(std::move(change));
    }
  }
  pending_names_ = std::move(left);
  return why;
}

std::string SimDisk::Read(const NodePtr& node, uint64_t offset, size_t size,
                          std::string* bytes) {
  MutexLock lock(&mu_);
  std::string why;
  if (!NextRead(&why)) return why;
  if (offset < node->live.size()) *bytes = node->live.substr(offset, size);
  return "";
}

absl::StatusOr<std::unique_ptr<DiskFile>> SimDisk::Open(const std::string& path,
                                                        bool exclusive) {
  NodePtr node;
  {
    MutexLock lock(&mu_);
    if (read_only_) {
      return ToStatus("opening", path, "Read-only file system");
    }
    node = Find(path);
    std::string why = CheckParent(path);
    if (why.empty() && node == nullptr) {
      node = std::make_shared<Node>();
      why = ChangeName("make", {ParentOf(path), path, node, ""}, true);
    }
    if (!why.empty()) return ToStatus("opening", path, why);
    if (exclusive && !locked_.insert(path).second) {
      return ToStatus("opening", path,
                      "another process holds it; is a second server running "
                      "on it?");
    }
    ++open_files_;
  }
  std::unique_ptr<DiskFile> file(new OpenFile(this, path, node, exclusive));
  const std::string why = SyncNames(ParentOf(path));
  if (!why.empty()) return ToStatus("syncing folder of", path, why);
  return file;
}

absl::StatusOr<std::vector<std::string>> SimDisk::List(
    const std::string& folder) {
  const std::string plain = Plain(folder);
  MutexLock lock(&mu_);
  std::string why;
  const NodePtr node = Find(plain);
  if (NextRead(&why) && (node == nullptr || !node->folder)) why = kNoSuchFile;
  if (!why.empty()) return ToStatus("listing", folder, why);
  std::vector<std::string> names;
  for (const auto& [path, ignored] : live_) {
    if (path != kRoot && ParentOf(path) == plain) {
      names.push_back(path.substr(plain.size() + 1));
    }
  }
  return names;
}

absl::Status SimDisk::MakeFolder(const std::string& folder) {
  const std::string path = Plain(folder);
  if (path == kRoot) return absl::OkStatus();
  {
    MutexLock lock(&mu_);
    std::string why;
    if (Find(path) == nullptr) {
      auto node = std::make_shared<Node>();
      node->folder = true;
      why = ChangeName("make folder", {ParentOf(path), path, node, ""}, true);
    }
    if (!why.empty()) return ToStatus("making folder", path, why);
  }
  return ToStatus("syncing folder of", path, SyncNames(ParentOf(path)));
}

absl::Status SimDisk::Remove(const std::string& path) {
  {
    MutexLock lock(&mu_);
    std::string why;
    if (Find(path) != nullptr) {
      why = ChangeName("remove", {ParentOf(path), path, nullptr, ""}, false);
    }
    if (!why.empty()) return ToStatus("removing", path, why);
  }
  return ToStatus("syncing folder of", path, SyncNames(ParentOf(path)));
}

absl::Status SimDisk::SyncFolder(const std::string& folder) {
  return ToStatus("syncing folder", folder, SyncNames(Plain(folder)));
}

}  // namespace vidimus
