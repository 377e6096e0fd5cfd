// The folder of a monitor, and what `serve` reads from it.
//
//   format              which version of this list
//   config.textproto    what the operator tunes (config.proto)
//   witness.vkey        public halves of its two keys, for policies
//   monitor.vkey
//   keys/witness.key    "extends what I saw last"
//   keys/monitor.key    "and I have read every leaf"
//   tls/                its certificate and key, and the authority it made
//   state/              what it knows; may be deleted, see docs/monitor.md
//     H/                of one log: H is the hex of the hash of its origin
//       witness, monitor      what each key cosigned last
//       uptime                how often the log answered, day by day
//   locks/H.witness, H.monitor  the same, apart from the state
//
#ifndef VIDIMUS_CLIENT_MONITOR_MONITOR_FOLDER_H_
#define VIDIMUS_CLIENT_MONITOR_MONITOR_FOLDER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/monitor/config.pb.h"
#include "verifier/note.h"
#include "verifier/policy.h"
#include "verifier/signing.h"

namespace vidimus {

// The two voices of a monitor; they differ in what they promise.
enum class Voice { kWitness, kMonitor };
inline constexpr Voice kVoices[] = {Voice::kWitness, Voice::kMonitor};
// "witness" or "monitor": the end of the key's name, the first step of its
// URL, the name of its files.
const char* VoiceName(Voice voice);

// Paths under a monitor's folder. `path` as the operator gave it.
struct MonitorFolder {
  std::string path;

  std::string Format() const { return path + "/format"; }
  std::string Config() const { return path + "/config.textproto"; }
  std::string Keys() const { return path + "/keys"; }
  std::string Key(Voice voice) const {
    return Keys() + "/" + VoiceName(voice) + ".key";
  }
  std::string Vkey(Voice voice) const {
    return path + "/" + VoiceName(voice) + ".vkey";
  }
  std::string State() const { return path + "/state"; }
  // `file` as config names it: relative to the folder, or absolute.
  std::string Resolve(const std::string& file) const {
    return !file.empty() && file[0] == '/' ? file : path + "/" + file;
  }
  // Of one log.
  std::string LogState(const std::string& origin) const;
  std::string HeadFile(const std::string& origin, Voice voice) const;
  std::string LockFile(const v1::MonitorConfig& config,
                       const std::string& origin, Voice voice) const;
};

// 64 hexadecimal digits that stand for an origin in paths and URLs.
std::string OriginHex(const std::string& origin);

// A log of the config, judged.
struct FollowedLogConfig {
  VerifierKey key;
  std::string url;
  std::string ca_pem;  // empty: the system's authorities
  Policy policy;       // without witnesses and quorum if config names none
};

struct MonitorPeerConfig {
  std::string grpc;
  std::string ca_pem;
  std::vector<VerifierKey> keys;
};

struct MonitorContent {
  v1::MonitorConfig config;
  std::unique_ptr<NoteSigner> witness;
  std::unique_ptr<NoteSigner> monitor;
  std::vector<FollowedLogConfig> logs;
  std::vector<MonitorPeerConfig> peers;

  const NoteSigner& signer(Voice voice) const {
    return voice == Voice::kWitness ? *witness : *monitor;
  }
};

// Reads and judges a folder. kNotFound if it is none (the message names
// `init`); kFailedPrecondition for a format that this program does not know;
// kPermissionDenied for a key that others than its owner may read;
// kInvalidArgument for what can't be understood, with file and line, or two
// logs of one origin.
absl::StatusOr<MonitorContent> ReadMonitorFolder(const MonitorFolder& folder);

struct MonitorInitOptions {
  std::string dir;
  std::string name;
  // Beside 127.0.0.1, ::1 and localhost: DNS names or numeric addresses that
  // the certificate is for.
  std::vector<std::string> hosts;
  // Where the locks lie; empty: in the folder.
  std::string locks;
  // POSIX seconds.
  int64_t now_s = 0;
};

// Makes a folder: two keys, a certificate by an authority of its own, config,
// the folder of the locks. kAlreadyExists if it is there and not empty;
// kInvalidArgument for a name that can't name a key.
absl::Status InitMonitor(const MonitorInitOptions& options);

// Adds a log to the config of a folder that no `serve` is running on, and makes
// its locks: nothing of this log has been cosigned by these keys.
// kAlreadyExists if it is followed already, or its locks are there.
absl::Status FollowLog(const MonitorFolder& folder, const std::string& vkey,
                       const v1::FollowedLog& log);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_MONITOR_MONITOR_FOLDER_H_
