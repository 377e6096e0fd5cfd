#include "log/page_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "proto/gzip.h"
#include "proto/status.h"
#include "verifier/check.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/hash.h"

namespace vidimus {
namespace {

constexpr int kGzipLevel = 9;
constexpr size_t kTagBytes = 16;

// First segments of all that the door itself and a log at its root serve.
constexpr const char* kTaken[] = {
    "add",     "checkpoint", "cosigned", "enrol",  "healthz",
    "index",   "metrics",    "operator", "readyz", "register",
    "session", "sign-in",    "sign-out", "tile",   "v1"};

struct MediaType {
  const char* ending;
  const char* type;
};

constexpr MediaType kMediaTypes[] = {
    {"html", "text/html; charset=utf-8"},
    {"js", "text/javascript; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"css", "text/css; charset=utf-8"},
    {"wasm", "application/wasm"},
    {"json", "application/json"},
    {"webmanifest", "application/manifest+json"},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"ico", "image/x-icon"},
    {"woff2", "font/woff2"},
    {"woff", "font/woff"},
    {"txt", "text/plain; charset=utf-8"},
    {"md", "text/plain; charset=utf-8"},
    {"pdf", "application/pdf"},
};

const char* MediaTypeOf(absl::string_view name) {
  const absl::string_view ending = name.substr(name.rfind('.') + 1);
  for (const MediaType& one : kMediaTypes) {
    if (ending == one.ending) return one.type;
  }
  return "application/octet-stream";
}

bool IsPlainName(absl::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' ||
           c == '_' || c == '-';
  });
}

absl::Status ErrnoStatus(const char* what, const std::string& path) {
  const std::string message =
      absl::StrCat("page: ", what, " ", path, ": ", strerror(errno));
  if (errno == ENOENT || errno == ENOTDIR) return absl::NotFoundError(message);
  if (errno == EACCES) return absl::PermissionDeniedError(message);
  // What was a file when the folder was listed.
  if (errno == ELOOP) {
    return absl::InvalidArgumentError(
        absl::StrCat("page: ", path, " is a link: put the file itself there"));
  }
  return absl::UnavailableError(message);
}

// A descriptor that closes itself.
class Opened {
 public:
  explicit Opened(int file) : file_(file) {}
  ~Opened() {
    if (file_ >= 0) close(file_);
  }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
  int get() const { return file_; }

 private:
  const int file_;
};

absl::StatusOr<std::string> ReadAll(int file, const std::string& path,
                                    size_t bytes_max) {
  std::string bytes;
  char buffer[65536];
  ssize_t got;
  while ((got = read(file, buffer, sizeof(buffer))) > 0) {
    bytes.append(buffer, static_cast<size_t>(got));
    if (bytes.size() > bytes_max) {
      return absl::InvalidArgumentError(
          absl::StrCat("page: ", path, " is too large: the limit is ",
                       bytes_max, " bytes, of a file and of what is left"));
    }
  }
  if (got < 0) return ErrnoStatus("reading", path);
  return bytes;
}

// Walks a folder by descriptors, so that no link is followed on the way.
class Reader {
 public:
  Reader(const std::vector<std::string>& taken, const PageLimits& limits)
      : taken_(taken), limits_(limits), bytes_left_(limits.bytes_max) {}

  struct Found {
    std::string path;  // from "/" on
    std::string bytes;
  };

  absl::Status Walk(int folder, const std::string& path, size_t depth) {
    if (depth > limits_.depth_max) {
      return absl::InvalidArgumentError(absl::StrCat(
          "page: ", path, " lies deeper than ", limits_.depth_max, " folders"));
    }
    ASSIGN_OR_RETURN(const std::vector<std::string> names,
                     NamesIn(folder, path));
    for (const std::string& name : names) {
      RETURN_IF_ERROR(Take(folder, absl::StrCat(path, "/", name), name, depth));
    }
    return absl::OkStatus();
  }

  std::vector<Found> found;

 private:
  static absl::StatusOr<std::vector<std::string>> NamesIn(
      int folder, const std::string& path) {
    const int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* const listing = again < 0 ? nullptr : fdopendir(again);
    if (listing == nullptr) {
      const absl::Status status = ErrnoStatus("listing", path);
      if (again >= 0) close(again);
      return status;
    }
    std::vector<std::string> names;
    while (const dirent* entry = readdir(listing)) {
      if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    }
    closedir(listing);
    std::sort(names.begin(), names.end());
    return names;
  }

  absl::Status Take(int folder, const std::string& path,
                    const std::string& name, size_t depth) {
    if (!IsPlainName(name)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "page: a file below ",
          depth == 0 ? "its root" : path.substr(0, path.rfind('/')),
          " has a name of other characters than letters, digits, '.', '_' and "
          "'-'"));
    }
    if (depth == 0) RETURN_IF_ERROR(JudgeTaken(path, name));
    struct stat info;
    if (fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return ErrnoStatus("looking at", path);
    }
    if (S_ISLNK(info.st_mode)) {
      errno = ELOOP;
      return ErrnoStatus("opening", path);
    }
    if (!S_ISDIR(info.st_mode) && !S_ISREG(info.st_mode)) {
      return absl::InvalidArgumentError(
          absl::StrCat("page: ", path, " is neither a file nor a folder"));
    }
    const Opened opened(openat(folder, name.c_str(),
                               O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (opened.get() < 0) return ErrnoStatus("opening", path);
    if (S_ISDIR(info.st_mode)) return Walk(opened.get(), path, depth + 1);
    if (found.size() == limits_.files_max) {
      return absl::InvalidArgumentError(absl::StrCat(
          "page: more than ", limits_.files_max, " files; is this the page?"));
    }
    ASSIGN_OR_RETURN(std::string bytes,
                     ReadAll(opened.get(), path,
                             std::min(limits_.file_bytes_max, bytes_left_)));
    bytes_left_ -= bytes.size();
    found.push_back({path, std::move(bytes)});
    return absl::OkStatus();
  }

  absl::Status JudgeTaken(const std::string& path,
                          const std::string& name) const {
    const auto is_it = [&name](absl::string_view one) { return one == name; };
    if (std::none_of(std::begin(kTaken), std::end(kTaken), is_it) &&
        std::none_of(taken_.begin(), taken_.end(), is_it)) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "page: ", path,
        " stands where this server serves something else: rename it"));
  }

  const std::vector<std::string>& taken_;
  const PageLimits& limits_;
  size_t bytes_left_;
};

// Whether one of the tags in If-None-Match (RFC 9110, 13.1.2) is `tag`.
bool HasTag(absl::string_view header, const std::string& tag) {
  for (absl::string_view one : absl::StrSplit(header, ',')) {
    one = absl::StripAsciiWhitespace(one);
    absl::ConsumePrefix(&one, "W/");
    if (one == "*" || one == tag) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<std::unique_ptr<const PageFolder>> PageFolder::Read(
    const std::string& path, const std::vector<std::string>& taken,
    const PageLimits& limits) {
  // The folder itself may be reached by a link: its operator named it.
  const Opened root(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (root.get() < 0) return ErrnoStatus("opening the folder", path);
  Reader reader(taken, limits);
  RETURN_IF_ERROR(reader.Walk(root.get(), "", 0));
  std::unique_ptr<PageFolder> page(new PageFolder);
  for (Reader::Found& found : reader.found) {
    File file;
    file.media_type = MediaTypeOf(found.path);
    const Hash hash = Sha256(found.bytes);
    file.tag = HexEncode(Bytes(hash).substr(0, kTagBytes));
    std::string zipped = Gzip(found.bytes, kGzipLevel);
    if (zipped.size() < found.bytes.size()) {
      file.zipped = std::make_shared<const std::string>(std::move(zipped));
    }
    file.bytes = std::make_shared<const std::string>(std::move(found.bytes));
    page->files_.emplace(std::move(found.path), std::move(file));
  }
  if (!page->Has("/")) {
    return absl::InvalidArgumentError(
        absl::StrCat("page: ", path, " has no index.html"));
  }
  return std::unique_ptr<const PageFolder>(std::move(page));
}

const PageFolder::File* PageFolder::Find(absl::string_view path) const {
  const auto file = files_.find(path == "/" ? "/index.html" : path);
  return file == files_.end() ? nullptr : &file->second;
}

HttpResponse PageFolder::Answer(const HttpRequest& request) const {
  if (request.method != HttpMethod::kGet &&
      request.method != HttpMethod::kHead) {
    return WrongMethod("GET");
  }
  const File* const file = Find(request.path());
  CHECK(file != nullptr);
  const bool zip = file->zipped != nullptr && request.AcceptsGzip();
  const std::string tag = absl::StrCat("\"", file->tag, zip ? "-gzip\"" : "\"");
  HttpResponse response(200, file->media_type, "");
  if (HasTag(request.Header("If-None-Match"), tag)) {
    response = HttpResponse(304, "", "");
  } else {
    response.SetSharedBody(zip ? file->zipped : file->bytes);
    if (zip) response.headers.emplace_back("Content-Encoding", "gzip");
  }
  if (file->zipped != nullptr) {
    response.headers.emplace_back("Vary", "Accept-Encoding");
  }
  response.headers.emplace_back("ETag", tag);
  response.headers.emplace_back("Cache-Control", "no-cache");
  // What a page cannot say of itself; all else is in its own policy.
  response.headers.emplace_back("Content-Security-Policy",
                                "frame-ancestors 'none'");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  response.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
  response.headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
  return response;
}

}  // namespace vidimus
