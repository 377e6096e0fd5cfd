#include "log/token_issuers.h"

#include <sys/stat.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr int kSecret = 0600;
constexpr int kPublic = 0644;
constexpr int kSecretFolder = 0700;
constexpr uint32_t kSchemeMax = 255;

std::string TryOutKey(const LogFolder& folder) {
  return folder.Resolve("oidc/issuer.key");
}

absl::StatusOr<std::vector<TokenIssuer>> IssuersOf(
    const v1::Settings& settings) {
  std::vector<TokenIssuer> issuers;
  for (const v1::TokenIssuer& one : settings.token_issuer()) {
    if (!one.has_id_scheme() || one.id_scheme() > kSchemeMax) {
      return absl::InvalidArgumentError(absl::StrCat(
          "token_issuer \"", one.issuer(),
          "\": id_scheme must be given, 0 to 255, as the register's config has "
          "it"));
    }
    issuers.push_back({one.issuer(), one.audience(), one.subject_claim(),
                       static_cast<uint8_t>(one.id_scheme()),
                       static_cast<int64_t>(one.clock_skew_s())});
  }
  return issuers;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TokenIssuers>> TokenIssuers::Open(
    const v1::Settings& settings, const LogFolder& folder) {
  std::unique_ptr<TokenIssuers> issuers(new TokenIssuers);
  ASSIGN_OR_RETURN(std::vector<TokenIssuer> named, IssuersOf(settings));
  ASSIGN_OR_RETURN(issuers->judge_, TokenJudge::Make(std::move(named)));
  for (const v1::TokenIssuer& one : settings.token_issuer()) {
    KeyFile file;
    file.path = folder.Resolve(one.jwks());
    Look(&file);
    issuers->files_.push_back(std::move(file));
    RETURN_IF_ERROR(issuers->Load(issuers->files_.size() - 1));
  }
  return issuers;
}

bool TokenIssuers::Look(KeyFile* file) {
  const KeyFile before = *file;
  struct stat info = {};
  if (stat(file->path.c_str(), &info) != 0) info = {};
  file->changed_s = info.st_mtim.tv_sec;
  file->changed_ns = info.st_mtim.tv_nsec;
  file->bytes = static_cast<uint64_t>(info.st_size);
  file->inode = info.st_ino;
  return before.changed_s != file->changed_s ||
         before.changed_ns != file->changed_ns || before.bytes != file->bytes ||
         before.inode != file->inode;
}

absl::Status TokenIssuers::Refresh() {
  absl::Status status;
  for (size_t i = 0; i < files_.size(); ++i) {
    if (Look(&files_[i])) status.Update(Load(i));
  }
  return status;
}

absl::Status TokenIssuers::Load(size_t issuer) {
  const std::string& path = files_[issuer].path;
  struct stat info;
  if (stat(path.c_str(), &info) == 0 && (info.st_mode & 022) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "keys of tokens ", path,
        " may be written by others than their owner, who could then read every "
        "chain: chmod 644 it, and think about who may have written it"));
  }
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  absl::StatusOr<TokenKeys> keys = ParseJwks(text);
  RETURN_IF_ERROR(
      Annotate(keys.status(), absl::StrCat("keys of tokens ", path)));
  judge_->SetKeys(issuer, *std::move(keys));
  return absl::OkStatus();
}

absl::Status MakeTryOutIssuer(const LogFolder& folder, std::string_view seed) {
  RETURN_IF_ERROR(MakeFolder(folder.Resolve("oidc"), kSecretFolder));
  RETURN_IF_ERROR(MakeFile(TryOutKey(folder), HexEncode(seed) + "\n", kSecret));
  return MakeFile(folder.Resolve("oidc/jwks.json"), MakeTryOutJwks(seed),
                  kPublic);
}

absl::StatusOr<std::string> TryOutToken(const LogFolder& folder,
                                        std::string_view subject, int64_t now_s,
                                        int64_t lifetime_s) {
  absl::StatusOr<std::string> seed = ReadKeyFile(TryOutKey(folder));
  if (absl::IsNotFound(seed.status())) {
    return absl::NotFoundError(absl::StrCat(
        folder.path,
        " has no issuer for trying out: `vidimus log init --try_out_issuer` "
        "makes one"));
  }
  RETURN_IF_ERROR(seed);
  ASSIGN_OR_RETURN(const FolderContent content, ReadFolder(folder));
  ASSIGN_OR_RETURN(const std::vector<TokenIssuer> issuers,
                   IssuersOf(content.settings));
  if (issuers.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(folder.Settings(), " names no token_issuer"));
  }
  return MakeTryOutToken(*seed, issuers[0], subject, now_s, lifetime_s);
}

}  // namespace vidimus
