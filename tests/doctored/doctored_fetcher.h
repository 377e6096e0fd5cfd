// A doctored log as a Fetcher, without a network.
#ifndef TESTS_DOCTORED_DOCTORED_FETCHER_H_
#define TESTS_DOCTORED_DOCTORED_FETCHER_H_

#include <map>
#include <string>
#include <vector>

#include "client/fetcher.h"
#include "tests/doctored/doctored_log.h"

namespace vidimus {

class DoctoredFetcher : public Fetcher {
 public:
  // `log` must outlive the fetcher.
  explicit DoctoredFetcher(const DoctoredLog* log)
      : log_(log), paths_(log->Paths()) {}

  absl::StatusOr<std::string> Get(const std::string& path, size_t) override {
    const auto found = paths_.find(path);
    if (found == paths_.end()) return absl::NotFoundError(path);
    return found->second;
  }
  absl::StatusOr<std::string> Post(const std::string& path,
                                   const std::string& body, size_t) override {
    if (silent || path != "index/proof") return absl::NotFoundError(path);
    return log_->ProveKeysPlain(body);
  }
  absl::StatusOr<std::vector<std::string>> ListTiles() override {
    return absl::UnimplementedError("none");
  }
  const std::string& name() const override { return name_; }

  // Whether it proves no keys.
  bool silent = false;

 private:
  const DoctoredLog* const log_;
  const std::map<std::string, std::string> paths_;
  const std::string name_ = "the doctored log";
};

}  // namespace vidimus

#endif  // TESTS_DOCTORED_DOCTORED_FETCHER_H_
