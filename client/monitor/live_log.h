// For tests: a small log as a Fetcher that shows as much of it as a test wants,
// and answers as badly. One log may be shown by several; any thread.
#ifndef VIDIMUS_CLIENT_MONITOR_LIVE_LOG_H_
#define VIDIMUS_CLIENT_MONITOR_LIVE_LOG_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/fetcher.h"
#include "proto/mutex.h"
#include "verifier/encoding.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/register.h"
#include "verifier/small_log.h"
#include "verifier/tile.h"

namespace vidimus {

// What is shown, and how.
class LiveLog {
 public:
  // `log` must outlive it, and may grow while nobody asks, or in Meanwhile.
  explicit LiveLog(const SmallLog* log) : log_(log), size_(log->size()) {}

  const SmallLog& log() const { return *log_; }

  // Calls it while nobody is answered.
  void Meanwhile(const std::function<void()>& change) {
    MutexLock lock(&mu_);
    change();
  }

  void Show(uint64_t size) {
    MutexLock lock(&mu_);
    size_ = size;
  }
  void ShowAll() { Show(log_->size()); }

  // From now on another answer for this path.
  void Answer(const std::string& path, absl::StatusOr<std::string> answer) {
    MutexLock lock(&mu_);
    answers_[path] = std::move(answer);
  }
  void AnswerAsItIs(const std::string& path) {
    MutexLock lock(&mu_);
    answers_.erase(path);
  }
  void set_answers_questions(bool answers) {
    MutexLock lock(&mu_);
    answers_questions_ = answers;
  }

  // Paths that were asked for since the last call.
  std::vector<std::string> Asked() {
    MutexLock lock(&mu_);
    return std::exchange(asked_, {});
  }

  absl::StatusOr<std::string> Get(const std::string& path, size_t bytes_max) {
    MutexLock lock(&mu_);
    asked_.push_back(path);
    const auto answer = answers_.find(path);
    auto bytes = answer != answers_.end() ? answer->second : Honest(path);
    if (bytes.ok() && bytes->size() > bytes_max) {
      return absl::OutOfRangeError(absl::StrCat(path, ": too large"));
    }
    return bytes;
  }

  absl::StatusOr<std::string> Post(const std::string& path,
                                   const std::string& body) {
    MutexLock lock(&mu_);
    if (!answers_questions_ || path != "index/proof" || body.size() < 40) {
      return absl::UnavailableError(path);
    }
    const uint64_t seal = Be64(body);
    std::vector<Hash> keys;
    for (size_t at = 8; at < body.size(); at += kHashBytes) {
      keys.push_back(
          *HashFromBytes(std::string_view(body).substr(at, kHashBytes)));
    }
    std::string answer;
    AppendBe64(seal, &answer);
    return answer + log_->ProveKeys(keys, seal + 1);
  }

 private:
  absl::StatusOr<std::string> Honest(const std::string& path) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (path == "checkpoint") return log_->Checkpoint(size_);
    if (const auto hash = ParseRegisterPath(path); hash.has_value()) {
      for (const auto& [index, document] : log_->documents()) {
        if (index < size_ && log_->Leaf(index).substr(33) == Bytes(*hash)) {
          return document;
        }
      }
      return absl::NotFoundError(path);
    }
    const auto address = ParseTilePath(path);
    if (!address.has_value()) return absl::NotFoundError(path);
    const int level = std::max(address->level, 0);
    const uint64_t first = address->n * kTileWidth;
    const auto width = static_cast<uint64_t>(address->width);
    if (first + width > TileHashCount(size_, level)) {
      return absl::NotFoundError(path);
    }
    std::string bytes;
    for (uint64_t i = first; i < first + width; ++i) {
      if (address->level == TileAddress::kEntries) {
        AppendBundleEntry(log_->Leaf(i), &bytes);
      } else {
        Hash hash;
        log_->Nodes()(level * kTileHeight, i, &hash);
        bytes += Bytes(hash);
      }
    }
    return bytes;
  }

  const SmallLog* const log_;
  Mutex mu_;
  uint64_t size_ ABSL_GUARDED_BY(mu_);
  bool answers_questions_ ABSL_GUARDED_BY(mu_) = true;
  std::map<std::string, absl::StatusOr<std::string>> answers_
      ABSL_GUARDED_BY(mu_);
  std::vector<std::string> asked_ ABSL_GUARDED_BY(mu_);
};

class LiveFetcher : public Fetcher {
 public:
  // `live` must outlive it.
  explicit LiveFetcher(LiveLog* live) : live_(live) {}

  absl::StatusOr<std::string> Get(const std::string& path,
                                  size_t bytes_max) override {
    return live_->Get(path, bytes_max);
  }
  absl::StatusOr<std::string> Post(const std::string& path,
                                   const std::string& body, size_t) override {
    return live_->Post(path, body);
  }
  absl::StatusOr<std::vector<std::string>> ListTiles() override {
    return absl::UnimplementedError("none");
  }
  const std::string& name() const override { return name_; }

 private:
  LiveLog* const live_;
  const std::string name_ = "the live log";
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_MONITOR_LIVE_LOG_H_
