// The front door of client/: those who talk to a log and do not trust it. The
// binary is `vidimus`; `vidimus --help` lists its verbs.
//
// What this folder promises, each by a test:
//
// 1. What was given to the submitter is in the log, or still in its outbox, or
//    named as refused: never nowhere. A crash at any moment changes nothing of
//    that, because entries are on disk before they are sent and are sent again
//    with the same ids.
// 2. Nothing leaves the outbox on a promise. An answer counts only once the
//    checkpoint in it verifies under the log's key, every entry of ours is
//    proven to stand under it, and the log has not shrunk since we last looked.
//    Then the personal part is overwritten: receipts hold none of it.
// 3. A log that answers wrongly is not asked again: the answer is kept as
//    evidence, and the submitter stops.
// 4. Bytes from outside (answers, files, lines of input) get a Status or a
//    Finding. Messages say which line and what was wrong with it, never what
//    stood there.
//
// Where to begin:
//
//   submitter.h        entries in, verified receipts out: the library.
//   outbox.h           where entries wait, and how they go.
//   receipt.h          what an answer must show, and the two files it becomes.
//   line_format.h      a line of input -> an entry; resilient_logger.h and
//                      mapping.proto for the City of Helsinki's audit logger.
//   fetcher.h          bytes of a log's public paths, from a URL or a folder.
//   fsck.h             a whole log read as a stranger would read it.
//   verify.h           one receipt.
//   load.h             how fast is it, and were the answers true?
//
// Fetching and judging never mix: everything that is judged is judged by
// verifier/. Nothing depends on this folder, and it knows nothing of log/.
#ifndef VIDIMUS_CLIENT_CLIENT_H_
#define VIDIMUS_CLIENT_CLIENT_H_

namespace vidimus {

// What `vidimus` exits with, the same for every verb, for scripts to trust.
inline constexpr int kExitTrue = 0;      // done, all of it; or: it is true
inline constexpr int kExitFalse = 1;     // done, but not all; or: it is false
inline constexpr int kExitUnusable = 2;  // could not be done or judged
inline constexpr int kExitLied = 3;      // the log's answer is wrong: evidence
inline constexpr int kExitUsage = 64;    // the command line makes no sense

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_CLIENT_H_
