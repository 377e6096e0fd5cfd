// A line of input becomes an entry. One format, one class; pure but for the
// clock-free hooks it is given; const methods are safe from several threads.
// Errors name the field that is wrong, never what stands in it.
#ifndef VIDIMUS_CLIENT_LINE_FORMAT_H_
#define VIDIMUS_CLIENT_LINE_FORMAT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/outbox.h"

namespace vidimus {

// An entry before it has salts. Of an access log: record and actor, the exact
// bytes that will be committed to. Of an opaque log: data.
struct Draft {
  EntryId id = {};
  std::string record;
  std::string actor;
  std::string data;
};

class LineFormat {
 public:
  virtual ~LineFormat() = default;

  // The entry in a line (without its line feed); kInvalidArgument if there is
  // none, kCancelled if the line is to be left out.
  virtual absl::StatusOr<Draft> Read(absl::string_view line) const = 0;
};

// What an access record says that the line does not.
struct AccessContext {
  // The log's origin and the administration's number in its register.
  std::string origin;
  uint32_t administration = 0;
  // The submitter's own key for entry ids, 32 bytes: without it nobody can tell
  // from an id what document it came from.
  std::string id_key;
  // The size of the newest head known: what the access could have been decided
  // on. Not 0.
  std::function<uint64_t()> head_size;
  // When the access happened, POSIX milliseconds, if the line does not say; 0:
  // it must.
  uint64_t occurred_at_ms = 0;
};

// The first 16 bytes of HMAC-SHA256(id_key, canonical JSON of the document).
EntryId EntryIdOf(absl::string_view id_key, absl::string_view canonical);

// --format=opaque: the line is the entry, 1 to 65,535 bytes. Its id is an HMAC
// of the line, so the same line twice is one entry.
std::unique_ptr<LineFormat> NewOpaqueFormat(const std::string& id_key);

// Wraps a format of accesses: what it makes must pass the door of the log
// (ParseAccess of verifier/record.h), or the line is refused here.
std::unique_ptr<LineFormat> NewJudgedFormat(std::unique_ptr<LineFormat> inner);

// --format=record: {"access": {...}, "actor": {...}}, the JSON of AccessRecord
// and Actor in proto/record.proto. What the line leaves out of entryId,
// administration and asOf is filled in.
std::unique_ptr<LineFormat> NewRecordFormat(const AccessContext& context);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_LINE_FORMAT_H_
