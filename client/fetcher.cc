#include "client/fetcher.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/file.h"
#include "client/random.h"
#include "proto/http_client.h"
#include "proto/mutex.h"
#include "proto/status.h"
#include "proto/tls.h"
#include "proto/url.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

class FolderFetcher : public Fetcher {
 public:
  explicit FolderFetcher(const std::string& folder) : folder_(folder) {}

  absl::StatusOr<std::string> Get(const std::string& path,
                                  size_t bytes_max) override {
    return ReadFile(absl::StrCat(folder_, "/", path), bytes_max);
  }

  absl::StatusOr<std::vector<std::string>> ListTiles() override {
    std::vector<std::string> paths;
    RETURN_IF_ERROR(List("tile", &paths));
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  const std::string& name() const override { return folder_; }

 private:
  absl::Status List(const std::string& path,
                    std::vector<std::string>* paths) const {
    const std::string full = absl::StrCat(folder_, "/", path);
    DIR* dir = opendir(full.c_str());
    if (dir == nullptr) {
      // A log without leaves has no tiles.
      if (errno == ENOENT) return absl::OkStatus();
      return FileError("open folder", full, errno);
    }
    std::vector<std::string> folders;
    while (const dirent* entry = readdir(dir)) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      const std::string child = absl::StrCat(path, "/", name);
      struct stat info;
      if (stat(absl::StrCat(folder_, "/", child).c_str(), &info) != 0) {
        const int error_number = errno;
        closedir(dir);
        return FileError("stat", child, error_number);
      }
      (S_ISDIR(info.st_mode) ? folders : *paths).push_back(child);
    }
    closedir(dir);
    for (const std::string& folder : folders) {
      RETURN_IF_ERROR(List(folder, paths));
    }
    return absl::OkStatus();
  }

  const std::string folder_;
};

// One connection for each thread that reads at the same time.
class HttpFetcher : public Fetcher {
 public:
  HttpFetcher(const std::string& name, Url base,
              std::shared_ptr<const TlsContext> tls, const FetchLimits& limits)
      : name_(name), base_(std::move(base)), tries_max_(limits.tries_max) {
    options_.tls = std::move(tls);
    options_.timeout = limits.timeout;
    options_.body_bytes_max = kBundleBytesMax;
  }

  absl::StatusOr<std::string> Get(const std::string& path,
                                  size_t bytes_max) override {
    return Ask(path, nullptr, bytes_max);
  }

  absl::StatusOr<std::string> Post(const std::string& path,
                                   const std::string& body,
                                   size_t bytes_max) override {
    return Ask(path, &body, bytes_max);
  }

  absl::StatusOr<std::vector<std::string>> ListTiles() override {
    return absl::UnimplementedError("a log over HTTP lists nothing");
  }

  const std::string& name() const override { return name_; }

 private:
  // Posts `post`, or gets if it is null. What is asked changes nothing, so it
  // may be asked again.
  absl::StatusOr<std::string> Ask(const std::string& path,
                                  const std::string* post, size_t bytes_max) {
    absl::Status status;
    for (int tries = 0; tries < tries_max_; ++tries) {
      if (tries > 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(
            (100 << tries) + static_cast<int>(RandomBelow(100))));
      }
      absl::StatusOr<std::string> body = AskOnce(path, post);
      if (body.ok() && body->size() > bytes_max) {
        return absl::OutOfRangeError(absl::StrCat(path, ": ", body->size(),
                                                  " bytes where at most ",
                                                  bytes_max, " can be"));
      }
      if (body.ok()) return body;
      status = Annotate(body.status(), path);
      if (!absl::IsUnavailable(status) && !absl::IsDeadlineExceeded(status) &&
          !absl::IsResourceExhausted(status)) {
        break;
      }
    }
    return status;
  }

  absl::StatusOr<std::string> AskOnce(const std::string& path,
                                      const std::string* post) {
    ASSIGN_OR_RETURN(std::unique_ptr<HttpClient> client, Client());
    absl::StatusOr<HttpReply> reply =
        post == nullptr ? client->Get(path)
                        : client->Post(path, "application/octet-stream", *post);
    if (!reply.ok()) return reply.status();
    {
      MutexLock lock(&mu_);
      idle_.push_back(std::move(client));
    }
    RETURN_IF_ERROR(StatusOfReply(*reply));
    return std::move(reply->body);
  }

  absl::StatusOr<std::unique_ptr<HttpClient>> Client() {
    {
      MutexLock lock(&mu_);
      if (!idle_.empty()) {
        std::unique_ptr<HttpClient> client = std::move(idle_.back());
        idle_.pop_back();
        return client;
      }
    }
    return HttpClient::New(base_, options_);
  }

  const std::string name_;
  const Url base_;
  const int tries_max_;
  HttpClientOptions options_;
  Mutex mu_;
  std::vector<std::unique_ptr<HttpClient>> idle_ ABSL_GUARDED_BY(mu_);
};

class SavingFetcher : public Fetcher {
 public:
  SavingFetcher(std::unique_ptr<Fetcher> inner, const std::string& folder)
      : inner_(std::move(inner)), folder_(folder) {}

  absl::StatusOr<std::string> Get(const std::string& path,
                                  size_t bytes_max) override {
    absl::StatusOr<std::string> bytes = inner_->Get(path, bytes_max);
    if (!bytes.ok()) return bytes;
    RETURN_IF_ERROR(MakeFolder(folder_));
    for (size_t slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
      RETURN_IF_ERROR(
          MakeFolder(absl::StrCat(folder_, "/", path.substr(0, slash))));
    }
    RETURN_IF_ERROR(WriteFile(absl::StrCat(folder_, "/", path), *bytes, 0644,
                              /*sync=*/false));
    return bytes;
  }

  absl::StatusOr<std::string> Post(const std::string& path,
                                   const std::string& body,
                                   size_t bytes_max) override {
    return inner_->Post(path, body, bytes_max);
  }

  absl::StatusOr<std::vector<std::string>> ListTiles() override {
    return inner_->ListTiles();
  }

  const std::string& name() const override { return inner_->name(); }

 private:
  const std::unique_ptr<Fetcher> inner_;
  const std::string folder_;
};

}  // namespace

absl::StatusOr<std::string> Fetcher::Post(const std::string& path,
                                          const std::string&, size_t) {
  return absl::UnimplementedError(
      absl::StrCat(path, ": files answer no questions"));
}

std::unique_ptr<Fetcher> NewSavingFetcher(std::unique_ptr<Fetcher> inner,
                                          const std::string& folder) {
  return std::make_unique<SavingFetcher>(std::move(inner), folder);
}

absl::StatusOr<std::unique_ptr<Fetcher>> NewFetcher(
    const std::string& url_or_folder, const std::string& ca_pem,
    const FetchLimits& limits) {
  if (absl::StrContains(url_or_folder, "://")) {
    ASSIGN_OR_RETURN(Url url, ParseUrl(url_or_folder));
    std::shared_ptr<const TlsContext> tls;
    if (!ca_pem.empty()) {
      TlsOptions options;
      options.ca_pem = ca_pem;
      ASSIGN_OR_RETURN(tls, TlsContext::NewClient(options));
    }
    return std::make_unique<HttpFetcher>(url_or_folder, std::move(url),
                                         std::move(tls), limits);
  }
  struct stat info;
  if (stat(url_or_folder.c_str(), &info) != 0) {
    return FileError("open", url_or_folder, errno);
  }
  if (!S_ISDIR(info.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(url_or_folder,
                     ": neither a URL (http://...) nor a "
                     "folder"));
  }
  return std::make_unique<FolderFetcher>(url_or_folder);
}

}  // namespace vidimus
