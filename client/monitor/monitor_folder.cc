#include "client/monitor/monitor_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "client/door.h"
#include "client/file.h"
#include "client/monitor/cosigned_head.h"
#include "proto/address.h"
#include "proto/certificates.h"
#include "proto/status.h"
#include "proto/text.h"
#include "proto/url.h"
#include "verifier/checkpoint.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr char kFormat[] = "vidimus-monitor 1\n";
constexpr size_t kConfigBytesMax = 1 << 20;
constexpr int64_t kDay = 24 * 3600;

constexpr char kConfig[] =
    R"(# A Vidimus monitor. Read once at start. Each line that is commented out shows
# the default; a field that this program does not know is an error. What it all
# means: docs/monitor.md.

# Both keys are named after this: $NAME/witness and $NAME/monitor. Fixed.
name: "$NAME"

# Where it is noted, apart from state/, what was cosigned last. Best on another
# disk: it is what notices that the state went back in time.
locks: "$LOCKS"

# Where to listen, host:port; empty: not at all. Port 0 takes a free one.
doors {
  # https: "127.0.0.1:8446"    # public: status page, /witness, /monitor
  # http: "127.0.0.1:8447"     # the operator's, loopback only: also /metrics
  # gossip: "127.0.0.1:8448"   # other monitors, over TLS; default: none
  # tls_certificate: "tls/server.crt"
  # tls_key: "tls/server.key"
  # connections_max: 1024
  # request_timeout_ms: 10000
  # drain_timeout_ms: 5000
  # public_url: "https://monitor.example"   # goes into the feed
}

limits {
  # period_ms: 1000            # each log is looked at in this time
  # stale_s: 3600              # an alarm if a log's newest seal is older
  # silent_s: 60               # an alarm if it has not answered for so long
  # threads: 2                 # that read one log
  # verify_timeout_ms: 4000    # how long a log's call waits for verification
  # gossip_period_ms: 10000    # each peer is called in this time
  # unasked_s: 60              # a log that does not ask is cosigned all the same
}

# Whom to talk to about what they saw; may be repeated. docs/gossip.md.
# peer {
#   grpc: "monitor.example:8448"
#   ca: "tls/peer.crt"         # whose certificate; none: the system's authorities
#   vkey: "..."                # its keys, as in its witness.vkey, monitor.vkey
#   vkey: "..."
# }

# What is followed. `vidimus monitor follow` adds one.
)";

absl::Status Wrong(const MonitorFolder& folder, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(folder.Config(), ": ", what));
}

absl::Status JudgeEmpty(const std::string& path) {
  DIR* const folder = opendir(path.c_str());
  if (folder == nullptr) return absl::OkStatus();
  bool empty = true;
  while (const dirent* entry = readdir(folder)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") empty = false;
  }
  closedir(folder);
  if (empty) return absl::OkStatus();
  return absl::AlreadyExistsError(absl::StrCat(
      path, " is not empty: a monitor is made in a folder of its own"));
}

absl::StatusOr<v1::MonitorConfig> ReadConfig(const MonitorFolder& folder) {
  ASSIGN_OR_RETURN(const std::string text,
                   ReadFile(folder.Config(), kConfigBytesMax));
  v1::MonitorConfig config;
  const absl::Status parsed = ParseText(text, &config);
  if (!parsed.ok()) return Wrong(folder, parsed.message());
  if (!ValidKeyName(absl::StrCat(config.name(), "/witness"))) {
    return Wrong(folder, "`name` can't name a key");
  }
  return config;
}

absl::StatusOr<std::unique_ptr<NoteSigner>> ReadSigner(
    const MonitorFolder& folder, const v1::MonitorConfig& config, Voice voice) {
  ASSIGN_OR_RETURN(std::string seed, ReadKeyFile(folder.Key(voice)));
  auto signer = std::make_unique<Ed25519NoteSigner>(
      absl::StrCat(config.name(), "/", VoiceName(voice)),
      kKeyTypeCosignatureEd25519, seed);
  WipeBytes(&seed);
  ASSIGN_OR_RETURN(const VerifierKey key, ReadVkey(folder.Vkey(voice)));
  if (FormatVkey(key) != FormatVkey(signer->key())) {
    return absl::FailedPreconditionError(absl::StrCat(
        folder.Key(voice), " or the name in ", folder.Config(),
        " is not that of ", folder.Vkey(voice),
        ": a key of another monitor? Others know this one by its vkey"));
  }
  return signer;
}

absl::StatusOr<FollowedLogConfig> ReadLog(const MonitorFolder& folder,
                                          const v1::FollowedLog& log) {
  FollowedLogConfig read;
  const Finding finding = ParseVkey(log.vkey(), &read.key);
  if (finding != Finding::kOk || read.key.type != kKeyTypeEd25519 ||
      !ValidOriginLine(read.key.name)) {
    return Wrong(folder, absl::StrCat("the vkey of a log: ",
                                      finding == Finding::kOk
                                          ? "not the key of a log"
                                          : FindingSentence(finding)));
  }
  read.url = log.url();
  RETURN_IF_ERROR(Annotate(
      ParseUrl(log.url()).status(),
      absl::StrCat(folder.Config(), ": the url of the log ", read.key.name)));
  if (!log.ca().empty()) {
    ASSIGN_OR_RETURN(read.ca_pem, ReadAuthorities(folder.Resolve(log.ca())));
  }
  if (!log.policy().empty()) {
    ASSIGN_OR_RETURN(read.policy,
                     ReadPolicy(folder.Resolve(log.policy()), read.key));
  }
  return read;
}

absl::StatusOr<MonitorPeerConfig> ReadPeer(const MonitorFolder& folder,
                                           const v1::MonitorPeer& peer) {
  MonitorPeerConfig read;
  read.grpc = peer.grpc();
  RETURN_IF_ERROR(
      Annotate(ParseHostPort(peer.grpc()).status(),
               absl::StrCat(folder.Config(), ": the address of a peer")));
  if (!peer.ca().empty()) {
    ASSIGN_OR_RETURN(read.ca_pem, ReadAuthorities(folder.Resolve(peer.ca())));
  }
  for (const std::string& vkey : peer.vkey()) {
    VerifierKey key;
    const Finding finding = ParseVkey(vkey, &key);
    if (finding != Finding::kOk || key.type != kKeyTypeCosignatureEd25519) {
      return Wrong(
          folder,
          absl::StrCat("a vkey of the peer at ", peer.grpc(), ": ",
                       finding == Finding::kOk ? "not the key of a cosigner"
                                               : FindingSentence(finding)));
    }
    read.keys.push_back(std::move(key));
  }
  return read;
}

absl::Status MakeTls(const MonitorFolder& folder,
                     const MonitorInitOptions& options) {
  RETURN_IF_ERROR(MakeFolder(folder.Resolve("tls")));
  const int64_t not_before_s = options.now_s - kDay;
  const int64_t not_after_s = options.now_s + 365 * kDay;
  ASSIGN_OR_RETURN(
      const Certificate authority,
      MakeAuthority("Vidimus monitor authority", not_before_s, not_after_s));
  CertificateOptions server;
  server.common_name = "Vidimus monitor";
  server.not_before_s = not_before_s;
  server.not_after_s = not_after_s;
  server.is_server = true;
  server.dns_names = {"localhost"};
  server.ip_addresses = {"127.0.0.1", "::1"};
  for (const std::string& host : options.hosts) {
    const bool address =
        absl::StrContains(host, ":") ||
        host.find_first_not_of("0123456789.") == std::string::npos;
    (address ? server.ip_addresses : server.dns_names).push_back(host);
  }
  ASSIGN_OR_RETURN(const Certificate made, MakeCertificate(authority, server));
  RETURN_IF_ERROR(WriteFile(folder.Resolve("tls/ca.crt"),
                            authority.certificate_pem, 0644, true));
  RETURN_IF_ERROR(WriteFile(folder.Resolve("tls/ca.key"),
                            authority.private_key_pem, 0600, true));
  RETURN_IF_ERROR(WriteFile(folder.Resolve("tls/server.crt"),
                            made.certificate_pem, 0644, true));
  return WriteFile(folder.Resolve("tls/server.key"), made.private_key_pem, 0600,
                   true);
}

absl::StatusOr<std::string> AbsolutePath(const std::string& path) {
  char* const full = realpath(path.c_str(), nullptr);
  if (full == nullptr) return FileError("path", path, errno);
  std::string result(full);
  free(full);
  return result;
}

std::string Quoted(const std::string& text) {
  return absl::StrCat("\"", absl::CEscape(text), "\"");
}

}  // namespace

const char* VoiceName(Voice voice) {
  return voice == Voice::kWitness ? "witness" : "monitor";
}

std::string OriginHex(const std::string& origin) {
  return HexEncode(Bytes(Sha256(origin)));
}

std::string MonitorFolder::LogState(const std::string& origin) const {
  return absl::StrCat(State(), "/", OriginHex(origin));
}

std::string MonitorFolder::HeadFile(const std::string& origin,
                                    Voice voice) const {
  return absl::StrCat(LogState(origin), "/", VoiceName(voice));
}

std::string MonitorFolder::LockFile(const v1::MonitorConfig& config,
                                    const std::string& origin,
                                    Voice voice) const {
  return absl::StrCat(Resolve(config.locks()), "/", OriginHex(origin), ".",
                      VoiceName(voice));
}

absl::StatusOr<MonitorContent> ReadMonitorFolder(const MonitorFolder& folder) {
  const auto format = ReadFile(folder.Format(), sizeof(kFormat));
  if (absl::IsNotFound(format.status())) {
    return absl::NotFoundError(absl::StrCat(
        folder.path, " is not a monitor's folder; `vidimus monitor init --dir ",
        folder.path, " --name NAME` makes one"));
  }
  RETURN_IF_ERROR(format);
  if (*format != kFormat) {
    return absl::FailedPreconditionError(
        absl::StrCat(folder.Format(),
                     ": not a format that this program knows; was it made "
                     "by a newer one?"));
  }
  MonitorContent content;
  ASSIGN_OR_RETURN(content.config, ReadConfig(folder));
  ASSIGN_OR_RETURN(content.witness,
                   ReadSigner(folder, content.config, Voice::kWitness));
  ASSIGN_OR_RETURN(content.monitor,
                   ReadSigner(folder, content.config, Voice::kMonitor));
  std::map<std::string, size_t> origins;
  for (const v1::FollowedLog& log : content.config.log()) {
    ASSIGN_OR_RETURN(FollowedLogConfig read, ReadLog(folder, log));
    if (!origins.emplace(read.key.name, origins.size()).second) {
      return Wrong(folder,
                   absl::StrCat("the log ", read.key.name, " stands twice"));
    }
    content.logs.push_back(std::move(read));
  }
  std::set<std::string> addresses;
  for (const v1::MonitorPeer& peer : content.config.peer()) {
    if (!addresses.insert(peer.grpc()).second) {
      return Wrong(folder,
                   absl::StrCat("the peer ", peer.grpc(), " stands twice"));
    }
    ASSIGN_OR_RETURN(content.peers.emplace_back(), ReadPeer(folder, peer));
  }
  return content;
}

absl::Status InitMonitor(const MonitorInitOptions& options) {
  if (!ValidKeyName(options.name) ||
      options.name.find_first_of("\"\\\n/") == 0 ||
      absl::CEscape(options.name) != options.name) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--name \"", absl::CEscape(options.name),
        "\" can't name a monitor: it is a URL without a scheme, such as "
        "monitor.example/uni"));
  }
  const MonitorFolder folder{options.dir};
  RETURN_IF_ERROR(JudgeEmpty(folder.path));
  RETURN_IF_ERROR(MakeFolder(folder.path));
  RETURN_IF_ERROR(MakeFolder(folder.Keys()));
  for (const Voice voice : kVoices) {
    std::string seed = RandomEd25519Seed();
    const Ed25519NoteSigner signer(
        absl::StrCat(options.name, "/", VoiceName(voice)),
        kKeyTypeCosignatureEd25519, seed);
    RETURN_IF_ERROR(WriteFile(folder.Key(voice),
                              absl::StrCat(HexEncode(seed), "\n"), 0600, true));
    WipeBytes(&seed);
    RETURN_IF_ERROR(WriteFile(folder.Vkey(voice),
                              absl::StrCat(FormatVkey(signer.key()), "\n"),
                              0644, true));
  }
  RETURN_IF_ERROR(MakeTls(folder, options));
  RETURN_IF_ERROR(MakeFolder(folder.State()));
  std::string locks = "locks";
  if (options.locks.empty()) {
    RETURN_IF_ERROR(MakeFolder(folder.Resolve(locks)));
  } else {
    RETURN_IF_ERROR(MakeFolder(options.locks));
    ASSIGN_OR_RETURN(locks, AbsolutePath(options.locks));
  }
  RETURN_IF_ERROR(WriteFile(
      folder.Config(),
      absl::StrReplaceAll(
          kConfig, {{"$NAME", options.name}, {"$LOCKS", absl::CEscape(locks)}}),
      0644, true));
  return WriteFile(folder.Format(), kFormat, 0644, true);
}

absl::Status FollowLog(const MonitorFolder& folder, const std::string& vkey,
                       const v1::FollowedLog& log) {
  ASSIGN_OR_RETURN(const MonitorContent content, ReadMonitorFolder(folder));
  v1::FollowedLog added = log;
  ASSIGN_OR_RETURN(const VerifierKey key, ReadVkey(vkey));
  added.set_vkey(FormatVkey(key));
  if (!added.ca().empty()) {
    ASSIGN_OR_RETURN(*added.mutable_ca(), AbsolutePath(added.ca()));
  }
  if (!added.policy().empty()) {
    ASSIGN_OR_RETURN(*added.mutable_policy(), AbsolutePath(added.policy()));
  }
  RETURN_IF_ERROR(ReadLog(folder, added).status());
  for (const FollowedLogConfig& known : content.logs) {
    if (known.key.name != key.name) continue;
    return absl::AlreadyExistsError(absl::StrCat(
        folder.Config(), ": the log ", key.name, " is followed already"));
  }
  ASSIGN_OR_RETURN(std::string text,
                   ReadFile(folder.Config(), kConfigBytesMax));
  absl::StrAppend(&text, "log {\n  vkey: ", Quoted(added.vkey()),
                  "\n  url: ", Quoted(added.url()), "\n");
  if (!added.ca().empty()) {
    absl::StrAppend(&text, "  ca: ", Quoted(added.ca()), "\n");
  }
  if (!added.policy().empty()) {
    absl::StrAppend(&text, "  policy: ", Quoted(added.policy()), "\n");
  }
  absl::StrAppend(&text, "}\n");
  // The locks first: a log without a lock is not served, a lock without a log
  // harms nobody.
  for (const Voice voice : kVoices) {
    const absl::Status made =
        CosignedHead::Init(folder.LockFile(content.config, key.name, voice));
    if (!made.ok()) return made;
  }
  return WriteFile(folder.Config(), text, 0644, true);
}

}  // namespace vidimus
