#include "log/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "proto/text.h"
#include "verifier/checkpoint.h"
#include "verifier/encoding.h"
#include "verifier/finding.h"
#include "verifier/note.h"
#include "verifier/signing.h"

namespace vidimus {
namespace {

constexpr char kFormat[] = "vidimus-log 1\n";
constexpr size_t kKeyBytes = 32;
// Documents of one type that a log may open with.
constexpr uint32_t kOpeningNumbersMax = 1 << 16;

absl::Status ErrnoStatus(const std::string& what, const std::string& path) {
  const std::string message =
      absl::StrCat(what, " ", path, ": ", strerror(errno));
  switch (errno) {
    case ENOENT:
      return absl::NotFoundError(message);
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(message);
    case EEXIST:
      return absl::AlreadyExistsError(message);
    default:
      return absl::UnavailableError(message);
  }
}

// Whether settings, public key and register are of one log: a log can be
// neither renamed nor turned into another kind.
absl::Status JudgeFixedSettings(const LogFolder& folder,
                                const v1::Settings& settings,
                                const VerifierKey& vkey) {
  if (settings.face() == v1::Settings::FACE_UNKNOWN) {
    return absl::InvalidArgumentError(
        absl::StrCat(folder.Settings(), ": `face` must be OPAQUE or ACCESS"));
  }
  if (settings.origin() != vkey.name || !ValidOrigin(vkey.name)) {
    return absl::InvalidArgumentError(absl::StrCat(
        folder.Settings(), ": `origin` is \"", settings.origin(), "\" but ",
        folder.Vkey(), " is of \"", vkey.name,
        "\": a log can't be renamed; put the old name back, or make a new log "
        "with `vidimus log init`"));
  }
  if (settings.face() == v1::Settings::OPAQUE &&
      access(folder.ConfigDocument().c_str(), F_OK) == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        folder.Settings(), ": `face` is OPAQUE but ", folder.ConfigDocument(),
        " is the register of an access log: put ACCESS back"));
  }
  return absl::OkStatus();
}

// A whole file. One whose mode has a bit of `refused` is not read.
absl::StatusOr<std::string> ReadWhole(const char* what, const std::string& path,
                                      mode_t refused) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return ErrnoStatus(what, path);
  auto bytes = [&]() -> absl::StatusOr<std::string> {
    struct stat info;
    if (fstat(file, &info) != 0) return ErrnoStatus(what, path);
    if ((info.st_mode & refused) != 0) {
      return absl::FailedPreconditionError(absl::StrCat(
          what, " ", path,
          " may be read by others than its owner: chmod 600 it, and think "
          "about who may have read it"));
    }
    std::string all;
    char buffer[65536];
    ssize_t got;
    while ((got = read(file, buffer, sizeof(buffer))) > 0) {
      all.append(buffer, got);
    }
    if (got < 0) return ErrnoStatus("reading", path);
    return all;
  }();
  close(file);
  return bytes;
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  return ReadWhole("opening", path, 0);
}

absl::StatusOr<std::string> ReadSecretFile(const char* what,
                                           const std::string& path) {
  return ReadWhole(what, path, 077);
}

absl::StatusOr<std::string> ReadKeyFile(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadSecretFile("key file", path));
  std::string_view digits = text;
  if (!digits.empty() && digits.back() == '\n') digits.remove_suffix(1);
  std::string key;
  if (!HexDecode(digits, &key) || key.size() != kKeyBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("key file ", path, " does not hold ", 2 * kKeyBytes,
                     " hexadecimal digits and a line feed"));
  }
  return key;
}

absl::Status MakeFile(const std::string& path, const std::string& bytes,
                      int mode) {
  const int file =
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (file < 0) return ErrnoStatus("making", path);
  absl::Status status;
  for (size_t done = 0; status.ok() && done < bytes.size();) {
    const ssize_t wrote = write(file, bytes.data() + done, bytes.size() - done);
    if (wrote < 0) {
      status = ErrnoStatus("writing", path);
    } else {
      done += wrote;
    }
  }
  if (status.ok() && fsync(file) != 0) status = ErrnoStatus("syncing", path);
  close(file);
  return status;
}

absl::Status MakeFolder(const std::string& path, int mode) {
  if (mkdir(path.c_str(), mode) != 0) return ErrnoStatus("making", path);
  return absl::OkStatus();
}

absl::StatusOr<FolderContent> ReadFolder(const LogFolder& folder) {
  const absl::StatusOr<std::string> format = ReadFile(folder.Format());
  if (absl::IsNotFound(format.status())) {
    return absl::NotFoundError(absl::StrCat(
        folder.path, " is not a log's folder; `vidimus log init --dir ",
        folder.path, " --origin ORIGIN` makes one"));
  }
  RETURN_IF_ERROR(format);
  if (*format != kFormat) {
    return absl::FailedPreconditionError(absl::StrCat(
        folder.Format(), ": this program knows \"",
        std::string(kFormat, sizeof(kFormat) - 2),
        "\" and finds something else; use the version that wrote it"));
  }
  FolderContent content;
  ASSIGN_OR_RETURN(const std::string settings, ReadFile(folder.Settings()));
  RETURN_IF_ERROR(
      Annotate(ParseText(settings, &content.settings), folder.Settings()));
  ASSIGN_OR_RETURN(const std::string vkey_text, ReadFile(folder.Vkey()));
  VerifierKey vkey;
  if (const Finding finding = ParseVkey(vkey_text, &vkey);
      finding != Finding::kOk) {
    return absl::InvalidArgumentError(
        absl::StrCat(folder.Vkey(), ": ", FindingSentence(finding)));
  }
  RETURN_IF_ERROR(JudgeFixedSettings(folder, content.settings, vkey));
  ASSIGN_OR_RETURN(content.signing_seed, ReadKeyFile(folder.Key("signing")));
  if (Ed25519Signer(content.signing_seed).public_key() != vkey.public_key) {
    return absl::FailedPreconditionError(absl::StrCat(
        folder.Key("signing"), " is not the private half of ", folder.Vkey(),
        ", by which everybody judges this log: put the right key back"));
  }
  ASSIGN_OR_RETURN(content.id_key, ReadKeyFile(folder.Key("id")));
  if (content.settings.face() == v1::Settings::OPAQUE) return content;

  ASSIGN_OR_RETURN(content.vault_key, ReadKeyFile(folder.Key("vault")));
  ASSIGN_OR_RETURN(content.label_seed, ReadKeyFile(folder.Key("label")));
  OpeningRegister opening;
  ASSIGN_OR_RETURN(opening.config, ReadFile(folder.ConfigDocument()));
  for (int type = static_cast<int>(RegisterType::kAdministration);
       type < kRegisterTypeCount; ++type) {
    for (uint32_t number = 0; number < kOpeningNumbersMax; ++number) {
      const RegisterId id{static_cast<RegisterType>(type), number, 0};
      absl::StatusOr<std::string> document =
          ReadFile(folder.OpeningDocument(id.type, number));
      if (absl::IsNotFound(document.status())) break;
      RETURN_IF_ERROR(document);
      if (id.type == RegisterType::kAdministration) {
        opening.administrations.push_back(*std::move(document));
      } else {
        opening.others.push_back({id, *std::move(document)});
      }
    }
  }
  content.opening_register = std::move(opening);
  return content;
}

}  // namespace vidimus
