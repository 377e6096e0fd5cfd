// Who enters documents into the register of a running log, and tells what
// stands there, by the operator's word (log/operator.proto). Rules:
// docs/register.md.
//
// What it promises:
// - A document that was answered stands in the log, durable and public; the
//   same one asked for again is answered with the same leaf.
// - What is not the next version, of the form that its type demands and signed
//   by the publisher that config names, is never entered; documents asked for
//   together are entered in one batch, or none is.
//
// Threads: any; requests that enter documents take their turn and wait for a
// commit each.
#ifndef VIDIMUS_LOG_REGISTER_KEEPER_H_
#define VIDIMUS_LOG_REGISTER_KEEPER_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/documents.h"
#include "log/log.h"
#include "log/operator.pb.h"
#include "proto/mutex.h"

namespace vidimus {

class RegisterKeeper {
 public:
  // `log` is an access log; not owned. `drive`, if given, is called again and
  // again while a commit is waited for: by those who sequence on the calling
  // thread.
  explicit RegisterKeeper(Log* log, std::function<void()> drive = nullptr)
      : log_(log), drive_(std::move(drive)) {}

  // Whether a request is for the register.
  static bool Takes(const vault::OperatorRequest& request);

  // Does one of the REGISTER_ verbs. Of putting, Documents::JudgeNext and
  // Pool::Add; kNotFound: no such document; kInvalidArgument: a request that
  // makes no sense.
  absl::StatusOr<vault::OperatorAnswer> Do(
      const vault::OperatorRequest& request) ABSL_LOCKS_EXCLUDED(putting_);

 private:
  absl::Status Put(const vault::OperatorRequest& request,
                   vault::OperatorAnswer* answer) ABSL_LOCKS_EXCLUDED(putting_);
  absl::Status Enter(std::vector<RegisterDocument> documents);
  absl::Status Prove(const RegisterId& id, vault::OperatorAnswer* answer);
  // Tells of a document with its bytes.
  absl::Status Tell(const KnownDocument& known, vault::OperatorAnswer* answer);

  Log* const log_;
  const std::function<void()> drive_;
  Mutex putting_;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_REGISTER_KEEPER_H_
