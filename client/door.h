// How to reach a log's gRPC door, and who one is there: the flags that submit
// and load share, and what they open.
#ifndef VIDIMUS_CLIENT_DOOR_H_
#define VIDIMUS_CLIENT_DOOR_H_

#include <grpcpp/channel.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/command_line.h"
#include "verifier/note.h"
#include "verifier/policy.h"
#include "verifier/signing.h"

namespace vidimus {

struct DoorFlags {
  std::string log;          // host:port
  std::string vkey;         // file
  bool opaque = false;      // plaintext, no identity
  std::string as;           // folder with client.crt, client.key, entry.key
  std::string ca;           // file
  std::string certificate;  // files; empty: those in `as`
  std::string key;
  std::string entry_key;
  uint64_t administration = 0;

  // Adds the flags to a verb's.
  void AddTo(CommandLine* command_line);
};

// Everything read and checked.
struct Door {
  VerifierKey log_key;
  std::shared_ptr<grpc::Channel> channel;
  // Of an access log only.
  uint32_t administration = 0;
  std::unique_ptr<Ed25519Signer> signer;
};

// Reads the files that the flags name and makes a channel, without connecting
// yet. kInvalidArgument says which flag is missing; a key that others may read
// is refused.
absl::StatusOr<Door> OpenDoor(const DoorFlags& flags);

// A log's verifier key out of its file.
absl::StatusOr<VerifierKey> ReadVkey(const std::string& path);
// Several, such as monitors', each out of its own.
absl::StatusOr<std::vector<VerifierKey>> ReadVkeys(
    const std::vector<std::string>& paths);

// A log's policy out of its file (docs/policy.md). kInvalidArgument names the
// line that is wrong, or says that it is a policy of other logs.
absl::StatusOr<Policy> ReadPolicy(const std::string& path,
                                  const VerifierKey& log_key);

// Who is believed over TLS, besides nobody: PEM out of the file that a flag
// --ca names. "" of "": the system's authorities.
absl::StatusOr<std::string> ReadAuthorities(const std::string& path);

// Who a resident is, out of a file that is its owner's alone and holds one line
// such as "1 5a04a8e0-...": the number of an id scheme, a space, and an id.
// Returns s: a byte for the scheme, then the id.
absl::StatusOr<std::string> ReadSubjectFile(const std::string& path);

// A secret of 32 bytes, as 64 hexadecimal digits and a line feed, out of a file
// that is its owner's alone.
absl::StatusOr<std::string> ReadKeyFile(const std::string& path);

// The same, made at random if there is no such file.
absl::StatusOr<std::string> ReadOrMakeKeyFile(const std::string& path);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_DOOR_H_
