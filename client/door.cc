#include "client/door.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "client/file.h"
#include "client/random.h"
#include "proto/grpc_tls.h"
#include "proto/status.h"
#include "proto/tls.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr size_t kKeyFileBytesMax = 4096;
constexpr size_t kAuthoritiesBytesMax = size_t{1} << 20;
constexpr int kAnswerBytesMax = 64 << 20;

// "x/administrations/2/" -> 2
bool NumberOfFolder(std::string folder, uint64_t* number) {
  while (!folder.empty() && folder.back() == '/') folder.pop_back();
  return DecimalDecode(folder.substr(folder.rfind('/') + 1), number);
}

}  // namespace

void DoorFlags::AddTo(CommandLine* command_line) {
  command_line->Text("log", "HOST:PORT", "the log's gRPC door", &log);
  command_line->Text("vkey", "FILE",
                     "the log's verifier key (log.vkey): answers are judged "
                     "by it",
                     &vkey);
  command_line->Switch("opaque",
                       "an opaque log: any bytes, and plaintext without --ca",
                       &opaque);
  command_line->Text("as", "DIR",
                     "who you are, as `vidimus log init` makes it "
                     "(LOG/administrations/2): client.crt, client.key, "
                     "entry.key, the number from the folder's name",
                     &as);
  command_line->Text("ca", "FILE",
                     "authority that vouches for the log's certificate", &ca);
  command_line->Text("cert", "FILE", "your certificate, if not in --as",
                     &certificate);
  command_line->Text("key", "FILE", "its key, if not in --as", &key);
  command_line->Text("entry_key", "FILE",
                     "the key that signs what you submit, if not in --as",
                     &entry_key);
  command_line->Number("administration", "N",
                       "your number in the register, if not in --as", 0,
                       0xfffffffe, &administration);
}

absl::StatusOr<VerifierKey> ReadVkey(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kKeyFileBytesMax));
  VerifierKey key;
  const Finding finding = ParseVkey(text, &key);
  if (finding != Finding::kOk) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": ", FindingSentence(finding)));
  }
  return key;
}

absl::StatusOr<std::vector<VerifierKey>> ReadVkeys(
    const std::vector<std::string>& paths) {
  std::vector<VerifierKey> keys;
  for (const std::string& path : paths) {
    ASSIGN_OR_RETURN(keys.emplace_back(), ReadVkey(path));
  }
  return keys;
}

absl::StatusOr<Policy> ReadPolicy(const std::string& path,
                                  const VerifierKey& log_key) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kPolicyBytesMax));
  Policy policy;
  size_t line = 0;
  const Finding finding = ParsePolicy(text, &policy, &line);
  if (finding != Finding::kOk) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":", line, ": ", FindingSentence(finding)));
  }
  const PolicyLog* const log = FindLog(policy, log_key.name);
  if (!policy.logs.empty() &&
      (log == nullptr || log->key.public_key != log_key.public_key)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": none of its logs is ", log_key.name,
                     " with the key that you gave"));
  }
  return policy;
}

absl::StatusOr<std::string> ReadAuthorities(const std::string& path) {
  return path.empty() ? std::string() : ReadFile(path, kAuthoritiesBytesMax);
}

absl::StatusOr<std::string> ReadSubjectFile(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text,
                   ReadPrivateFile(path, kKeyFileBytesMax));
  const absl::string_view line = absl::StripAsciiWhitespace(text);
  const size_t space = line.find(' ');
  uint64_t scheme = 0;
  if (space == absl::string_view::npos || space + 1 == line.size() ||
      !DecimalDecode({line.data(), space}, &scheme) || scheme > 0xff) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": not the number of an id scheme, a space, and an id"));
  }
  return absl::StrCat(std::string(1, static_cast<char>(scheme)),
                      line.substr(space + 1));
}

absl::StatusOr<std::string> ReadKeyFile(const std::string& path) {
  ASSIGN_OR_RETURN(std::string text, ReadPrivateFile(path, kKeyFileBytesMax));
  std::string bytes;
  const bool good = text.size() == 2 * kEd25519SeedBytes + 1 &&
                    text.back() == '\n' &&
                    HexDecode({text.data(), text.size() - 1}, &bytes);
  WipeBytes(&text);
  if (!good) {
    return absl::InvalidArgumentError(absl::StrCat(
        path,
        ": not a key file: expected 64 lower-case hexadecimal digits "
        "and a line feed"));
  }
  return bytes;
}

absl::StatusOr<std::string> ReadOrMakeKeyFile(const std::string& path) {
  auto key = ReadKeyFile(path);
  if (key.ok() || !absl::IsNotFound(key.status())) return key;
  std::string text = HexEncode(RandomBytes(kEd25519SeedBytes)) + "\n";
  const absl::Status written = WriteFile(path, text, 0600, /*sync=*/true);
  WipeBytes(&text);
  RETURN_IF_ERROR(written);
  return ReadKeyFile(path);
}

absl::StatusOr<Door> OpenDoor(const DoorFlags& flags) {
  Door door;
  ASSIGN_OR_RETURN(door.log_key, ReadVkey(flags.vkey));
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  if (flags.opaque && flags.ca.empty()) {
    credentials = grpc::InsecureChannelCredentials();
  } else {
    const auto in_folder = [&](const std::string& given, const char* name) {
      return given.empty() && !flags.as.empty()
                 ? absl::StrCat(flags.as, "/", name)
                 : given;
    };
    const std::string certificate = in_folder(flags.certificate, "client.crt");
    const std::string key = in_folder(flags.key, "client.key");
    if (certificate.empty() || key.empty()) {
      return absl::InvalidArgumentError(
          "who are you? --as DIR, or --cert, --key, --entry_key and "
          "--administration; or --opaque for an opaque log");
    }
    if (flags.ca.empty()) {
      return absl::InvalidArgumentError("--ca is missing");
    }
    if (!flags.opaque) {
      const std::string entry_key = in_folder(flags.entry_key, "entry.key");
      uint64_t number = flags.administration;
      if (entry_key.empty()) {
        return absl::InvalidArgumentError("--entry_key is missing");
      }
      if (!flags.as.empty() && number == 0 &&
          !NumberOfFolder(flags.as, &number)) {
        return absl::InvalidArgumentError(
            "--administration is missing, and --as does not end in a number");
      }
      door.administration = static_cast<uint32_t>(number);
      ASSIGN_OR_RETURN(std::string seed, ReadKeyFile(entry_key));
      door.signer = std::make_unique<Ed25519Signer>(seed);
      WipeBytes(&seed);
    }
    ASSIGN_OR_RETURN(const TlsOptions tls,
                     ReadTlsFiles(certificate, key, flags.ca));
    ASSIGN_OR_RETURN(credentials, MakeChannelCredentials(tls));
  }
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kAnswerBytesMax);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10000);
  // The submitter has its own pauses; gRPC's grow to two minutes.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  // This one is how long a connection may take to come about, TLS and all.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 10000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  // Each door a connection of its own, also in one process.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  door.channel = grpc::CreateCustomChannel(flags.log, credentials, arguments);
  return door;
}

}  // namespace vidimus
