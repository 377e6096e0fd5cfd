// Making a log: its keys, its settings, its opening register and, for trying
// out, a certificate authority with certificates and entry keys for a few
// administrations.
#ifndef VIDIMUS_LOG_INIT_H_
#define VIDIMUS_LOG_INIT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "log/clock.h"

namespace vidimus {

struct InitOptions {
  std::string dir;
  std::string origin;
  bool opaque = false;
  // Access log: how many administrations the register opens with.
  uint64_t administrations = 4;
  // Access log: a folder of documents' texts (log/register_text.h), versions 0
  // of every type but config, that the register opens with. Its administrations
  // are then those of the folder. Administrations without entry key or
  // certificate identity, and identity services without key, get one for trying
  // out. Empty: administrations alone.
  std::string register_folder;
  // Access log: leaves a batch has at least.
  uint64_t min_batch = 8;
  // Access log: files of the verifier as WASM that residents are served; their
  // hashes stand in the register's config.
  std::vector<std::string> wasm;
  // Access log: an issuer of residents' tokens of its own, for trying out.
  bool try_out_issuer = false;
};

// Makes the folder (it must not exist, or be empty) with all that
// log/folder.h lists but the data. kInvalidArgument, kAlreadyExists; after
// another failure the folder may be half made: remove it and start over.
absl::Status InitLog(const InitOptions& options, Clock* clock, Random* random);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_INIT_H_
