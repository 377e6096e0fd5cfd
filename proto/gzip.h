// proto/gzip.h
//
// gzip (RFC 1952) in memory. Pure functions, any thread.

#ifndef VIDIMUS_PROTO_GZIP_H_
#define VIDIMUS_PROTO_GZIP_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace vidimus {

// `bytes` as one gzip member, without a time: the same bytes give the same
// result. Level 1 to 9; random hashes don't shrink at any, records do at 1.
std::string Gzip(absl::string_view bytes, int level = 1);

// Undoes Gzip, and reads what any gzip wrote, several members included. Never
// makes more than `bytes_max` bytes, however small `zipped` is: TooLargeError
// then. kInvalidArgument if it is damaged, cut short, or followed by anything.
absl::StatusOr<std::string> Gunzip(absl::string_view zipped, size_t bytes_max);

}  // namespace vidimus

#endif  // VIDIMUS_PROTO_GZIP_H_
