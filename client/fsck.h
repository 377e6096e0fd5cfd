// A whole log read as a stranger would read it: every entry bundle, every tile,
// every seal and register document, from leaf 0 to the signed head, judged by
// verifier/audit.h. Of an access log the index is built again and each seal's
// root compared. Needs nothing but the log's verifier key. What is wrong is
// said and, where it convicts the log, shown by a file (docs/convictions.md).
//
// Several threads fetch bundles and their tiles ahead, hash the entries and
// make the index's short runs; what is judged of it is judged in the order of
// leaves by the calling thread, so that the first difference is the one with
// the lowest place, however many threads there are. Merges of the index fall
// into parts that the threads share. Memory is bounded by what may be held
// ahead (kBytesAheadMax of read_ahead.h; a bundle for each thread besides) and,
// of an access log, 40 bytes a leaf for its keys, twice that while the largest
// run is merged; in FsckOptions::scratch_folder the keys lie in files.
#ifndef VIDIMUS_CLIENT_FSCK_H_
#define VIDIMUS_CLIENT_FSCK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/client.h"
#include "client/fetcher.h"
#include "client/prosecutor.h"
#include "verifier/note.h"

namespace vidimus {

// A checkpoint from before that the log must extend.
struct OlderCheckpoint {
  std::string name;  // for messages
  std::string note;
};

struct FsckOptions {
  VerifierKey log_key;

  // Auto: an access log if leaf 0 is the register leaf of config version 0.
  enum class Face { kAuto, kAccess, kOpaque };
  Face face = Face::kAuto;

  std::vector<OlderCheckpoint> older;

  // That fetch and hash; at least 1. FsckThreads() is for most.
  int threads = 4;

  // Where the keys of an access log lie, in files without a name; empty: in
  // memory.
  std::string scratch_folder;

  // Called now and then from the calling thread; may be null.
  std::function<void(uint64_t leaves, uint64_t size)> progress;
};

struct FsckReport {
  // kExitTrue: everything is what the checkpoint says. kExitFalse: `message`
  // names the first difference and where it is. kExitUnusable: something could
  // not be had, so nothing is shown.
  int exit_code = kExitUnusable;
  std::string message;

  // Of kExitFalse, where it convicts the log; else `no_conviction` says why
  // there is no file.
  std::optional<ConvictionFile> conviction;
  std::string no_conviction;

  bool access_log = false;
  TreeHead head;
  uint64_t tiles = 0;      // hash tiles compared, partial ones too
  uint64_t bundles = 0;    // entry bundles read
  uint64_t batches = 0;    // of an access log
  uint64_t documents = 0;  // register documents, each by its hash
  uint64_t bytes = 0;      // of entry bundles
  // Partial tiles and bundles of earlier sizes that a folder holds beside the
  // ones the head needs; each is a prefix of what was verified.
  uint64_t spare_partials = 0;
};

// As many as the machine has cores, but enough to wait for a network: 4 to 64.
int FsckThreads();

// `fetcher` must outlive the call.
FsckReport Fsck(Fetcher* fetcher, const FsckOptions& options);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_FSCK_H_
