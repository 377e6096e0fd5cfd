#include "client/wallet.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/door.h"
#include "client/file.h"
#include "proto/status.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/hash.h"

namespace vidimus {
namespace {

constexpr absl::string_view kFirstLine = "vidimus/v1 wallet\n";
constexpr size_t kStateBytesMax = size_t{16} << 20;

absl::string_view View(std::string_view text) {
  return {text.data(), text.size()};
}

std::string FamilyFolder(const std::string& folder, const std::string& family) {
  return absl::StrCat(folder, "/",
                      HexEncode(Bytes(Sha256(family))).substr(0, 32));
}

absl::Status MakeFolders(const std::string& path) {
  for (size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string above = path.substr(0, slash);
    if (access(above.c_str(), F_OK) != 0) RETURN_IF_ERROR(MakeFolder(above));
  }
  return MakeFolder(path);
}

// A folder that is there and nobody else's.
absl::Status JudgeFolder(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return FileError("open", path, errno);
  if (!S_ISDIR(info.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": not a folder, where a wallet has one"));
  }
  if ((info.st_mode & 077) != 0) {
    return absl::PermissionDeniedError(
        absl::StrCat(path,
                     ": others may look into this wallet; expected mode 0700 "
                     "(chmod 700 it)"));
  }
  return absl::OkStatus();
}

// Names in a folder, sorted.
absl::StatusOr<std::vector<std::string>> NamesIn(const std::string& path) {
  DIR* folder = opendir(path.c_str());
  if (folder == nullptr) return FileError("open", path, errno);
  std::vector<std::string> names;
  while (const dirent* entry = readdir(folder)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  closedir(folder);
  std::sort(names.begin(), names.end());
  return names;
}

// What a program that was killed left half written, or half erased.
absl::Status SweepFolder(const std::string& path) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, NamesIn(path));
  for (const std::string& name : names) {
    const std::string file = absl::StrCat(path, "/", name);
    bool leftover = absl::EndsWith(name, ".new");
    if (absl::EndsWith(name, ".statement")) {
      ASSIGN_OR_RETURN(const std::string content,
                       ReadPrivateFile(file, kStateBytesMax));
      leftover = content.find_first_not_of('\0') == std::string::npos;
    }
    if (leftover) RETURN_IF_ERROR(EraseFile(file));
  }
  return absl::OkStatus();
}

absl::Status Damaged(const std::string& path, absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat(
      path, ": damaged (", why, "); bring it back from a copy, or make a new ",
      "wallet and recover"));
}

// A message under its first line and its hash, so that damage shows.
std::string Sealed(const google::protobuf::MessageLite& message) {
  const std::string bytes = message.SerializeAsString();
  return absl::StrCat(kFirstLine, HexEncode(Bytes(Sha256(bytes))), "\n", bytes);
}

absl::Status ReadSealed(const std::string& path,
                        google::protobuf::MessageLite* message) {
  ASSIGN_OR_RETURN(const std::string content,
                   ReadPrivateFile(path, kStateBytesMax));
  absl::string_view rest = content;
  if (!absl::ConsumePrefix(&rest, kFirstLine) ||
      rest.size() < 2 * kHashBytes + 1 || rest[2 * kHashBytes] != '\n') {
    return Damaged(path, "it does not begin as a wallet's file");
  }
  const absl::string_view digest = rest.substr(0, 2 * kHashBytes);
  rest.remove_prefix(2 * kHashBytes + 1);
  const std::string bytes(rest);
  if (HexEncode(Bytes(Sha256(bytes))) != digest ||
      !message->ParseFromString(bytes)) {
    return Damaged(path, "its content is not what was written");
  }
  return absl::OkStatus();
}

absl::StatusOr<int> Lock(const std::string& folder) {
  const std::string path = folder + "/lock";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return FileError("open", path, errno);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    close(fd);
    return absl::UnavailableError(
        absl::StrCat(folder, ": another program works with this wallet"));
  }
  return fd;
}

std::string OutboxName(absl::string_view id) {
  return HexEncode({id.data(), id.size()}) + ".statement";
}

}  // namespace

absl::StatusOr<std::string> DefaultWalletFolder() {
  const char* data = std::getenv("XDG_DATA_HOME");
  // The specification has relative paths ignored.
  if (data != nullptr && data[0] == '/') {
    return absl::StrCat(data, "/vidimus/wallet");
  }
  const char* home = std::getenv("HOME");
  if (home == nullptr || home[0] != '/') {
    return absl::FailedPreconditionError(
        "where is the wallet? there is no HOME; say --wallet DIR");
  }
  return absl::StrCat(home, "/.local/share/vidimus/wallet");
}

std::string KeyFingerprint(absl::string_view public_key) {
  return HexEncode(Bytes(Sha256(
                       std::string_view(public_key.data(), public_key.size()))))
      .substr(0, 16);
}

absl::StatusOr<std::unique_ptr<Wallet>> Wallet::Open(
    const std::string& folder, const std::string& family) {
  const std::string path = FamilyFolder(folder, family);
  if (access((path + "/wallet").c_str(), F_OK) != 0 && errno == ENOENT) {
    return absl::NotFoundError(
        absl::StrCat(folder, ": no wallet for the logs of ", family,
                     "; vidimus wallet init makes one"));
  }
  RETURN_IF_ERROR(JudgeFolder(folder));
  RETURN_IF_ERROR(JudgeFolder(path));
  std::unique_ptr<Wallet> wallet(new Wallet);
  wallet->path_ = path;
  ASSIGN_OR_RETURN(wallet->lock_, Lock(folder));
  for (const char* name : {"/keys", "/outbox"}) {
    RETURN_IF_ERROR(JudgeFolder(path + name));
    RETURN_IF_ERROR(SweepFolder(path + name));
  }
  RETURN_IF_ERROR(ReadSealed(path + "/wallet", &wallet->state_));
  if (wallet->family() != family || wallet->subject().size() < 2) {
    return Damaged(path + "/wallet", "it is of another family");
  }
  for (const v1::WalletKey& key : wallet->state_.key()) {
    RETURN_IF_ERROR(wallet->Signer(key.public_key()).status());
  }
  return wallet;
}

absl::StatusOr<std::unique_ptr<Wallet>> Wallet::Make(
    const std::string& folder, const std::string& family,
    const std::string& subject) {
  if (family.empty() || family.size() > 255 || subject.size() < 2 ||
      subject.size() > 255) {
    return absl::InvalidArgumentError(
        "a wallet is for one family of logs and one id of 1 to 254 bytes");
  }
  RETURN_IF_ERROR(MakeFolders(folder));
  RETURN_IF_ERROR(JudgeFolder(folder));
  std::unique_ptr<Wallet> wallet(new Wallet);
  ASSIGN_OR_RETURN(wallet->lock_, Lock(folder));
  wallet->path_ = FamilyFolder(folder, family);
  if (access((wallet->path_ + "/wallet").c_str(), F_OK) == 0) {
    return absl::AlreadyExistsError(absl::StrCat(
        folder, ": there is a wallet for the logs of ", family, " already"));
  }
  RETURN_IF_ERROR(MakeFolder(wallet->path_));
  RETURN_IF_ERROR(JudgeFolder(wallet->path_));
  for (const char* name : {"/keys", "/outbox"}) {
    RETURN_IF_ERROR(MakeFolder(wallet->path_ + name));
  }
  RETURN_IF_ERROR(SyncFolder(wallet->path_));
  RETURN_IF_ERROR(SyncFolder(folder));
  v1::WalletState state;
  state.set_family(family);
  state.set_subject(subject);
  RETURN_IF_ERROR(wallet->Save(state));
  return wallet;
}

absl::StatusOr<std::vector<std::string>> Wallet::Families(
    const std::string& folder) {
  RETURN_IF_ERROR(JudgeFolder(folder));
  ASSIGN_OR_RETURN(const std::vector<std::string> names, NamesIn(folder));
  std::vector<std::string> families;
  for (const std::string& name : names) {
    const std::string path = absl::StrCat(folder, "/", name, "/wallet");
    if (access(path.c_str(), F_OK) != 0) continue;
    v1::WalletState state;
    RETURN_IF_ERROR(ReadSealed(path, &state));
    families.push_back(state.family());
  }
  std::sort(families.begin(), families.end());
  return families;
}

Wallet::~Wallet() {
  if (lock_ >= 0) close(lock_);
}

absl::Status Wallet::Save(const v1::WalletState& state) {
  RETURN_IF_ERROR(
      WriteFile(path_ + "/wallet", Sealed(state), 0600, /*sync=*/true));
  state_ = state;
  return absl::OkStatus();
}

absl::StatusOr<std::string> Wallet::AddKey(const std::string& name,
                                           bool recovery, uint64_t now_s) {
  if (state_.key_size() >= static_cast<int>(kKeysMax)) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a wallet holds at most ", kKeysMax, " keys"));
  }
  std::string seed = RandomEd25519Seed();
  const std::string public_key(Ed25519Signer(seed).public_key());
  std::string text = HexEncode(seed) + "\n";
  WipeBytes(&seed);
  const absl::Status written = WriteFile(
      absl::StrCat(path_, "/keys/", KeyFingerprint(public_key), ".key"), text,
      0600, /*sync=*/true);
  WipeBytes(&text);
  RETURN_IF_ERROR(written);
  v1::WalletState state = state_;
  v1::WalletKey* key = state.add_key();
  key->set_public_key(public_key);
  key->set_name(name);
  key->set_made_at_s(now_s);
  key->set_recovery(recovery);
  RETURN_IF_ERROR(Save(state));
  return public_key;
}

absl::StatusOr<std::unique_ptr<Ed25519Signer>> Wallet::Signer(
    absl::string_view public_key) const {
  const std::string path =
      absl::StrCat(path_, "/keys/", KeyFingerprint(public_key), ".key");
  absl::StatusOr<std::string> seed = ReadKeyFile(path);
  if (absl::IsNotFound(seed.status())) return Damaged(path, "it is gone");
  if (absl::IsInvalidArgument(seed.status())) {
    return Damaged(path, "not a key file");
  }
  RETURN_IF_ERROR(seed.status());
  auto signer = std::make_unique<Ed25519Signer>(*seed);
  WipeBytes(&*seed);
  if (View(signer->public_key()) != public_key) {
    return Damaged(path, "another key lies there");
  }
  return signer;
}

absl::Status Wallet::Remember(std::vector<v1::WalletChain> chains) {
  v1::WalletState state = state_;
  state.clear_chain();
  for (v1::WalletChain& chain : chains) *state.add_chain() = std::move(chain);
  return Save(state);
}

absl::Status Wallet::RememberWords(const v1::SaidWords& said) {
  v1::WalletState state = state_;
  if (state.said_size() >= static_cast<int>(kSaidMax)) {
    state.mutable_said()->DeleteSubrange(0, 1);
  }
  *state.add_said() = said;
  return Save(state);
}

absl::Status Wallet::Keep(absl::string_view id,
                          const v1::PendingStatement& pending) {
  return WriteFile(absl::StrCat(path_, "/outbox/", OutboxName(id)),
                   Sealed(pending), 0600, /*sync=*/true);
}

absl::Status Wallet::Drop(absl::string_view id) {
  return EraseFile(absl::StrCat(path_, "/outbox/", OutboxName(id)));
}

absl::StatusOr<std::vector<std::pair<std::string, v1::PendingStatement>>>
Wallet::Pending() const {
  ASSIGN_OR_RETURN(const std::vector<std::string> names,
                   NamesIn(path_ + "/outbox"));
  std::vector<std::pair<std::string, v1::PendingStatement>> all;
  for (const std::string& name : names) {
    absl::string_view stem = name;
    std::string id;
    if (!absl::ConsumeSuffix(&stem, ".statement") ||
        !HexDecode({stem.data(), stem.size()}, &id)) {
      continue;
    }
    if (all.size() >= kPendingMax) {
      return absl::ResourceExhaustedError(absl::StrCat(
          path_, "/outbox: more than ", kPendingMax, " statements wait"));
    }
    v1::PendingStatement pending;
    RETURN_IF_ERROR(
        ReadSealed(absl::StrCat(path_, "/outbox/", name), &pending));
    all.emplace_back(id, std::move(pending));
  }
  return all;
}

}  // namespace vidimus
