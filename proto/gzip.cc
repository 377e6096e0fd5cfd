#include "proto/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace vidimus {
namespace {

constexpr int kGzipWindowBits = 15 + 16;  // The largest window, gzip's framing.
constexpr size_t kPieceBytes = 64 * 1024;

Bytef* Unconst(absl::string_view bytes) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
}

}  // namespace

std::string Gzip(absl::string_view bytes, int level) {
  z_stream stream = {};
  std::string zipped;
  if (deflateInit2(&stream, std::clamp(level, 1, 9), Z_DEFLATED,
                   kGzipWindowBits, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return zipped;  // Out of memory; the caller's next allocation will say so.
  }
  zipped.resize(deflateBound(&stream, bytes.size()));
  stream.next_in = Unconst(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = Unconst(zipped);
  stream.avail_out = static_cast<uInt>(zipped.size());
  deflate(&stream, Z_FINISH);
  zipped.resize(stream.total_out);
  deflateEnd(&stream);
  return zipped;
}

absl::StatusOr<std::string> Gunzip(absl::string_view zipped, size_t bytes_max) {
  if (zipped.size() > std::numeric_limits<uInt>::max()) {
    return TooLargeError("gunzip: more than 4 GiB");
  }
  z_stream stream = {};
  if (inflateInit2(&stream, kGzipWindowBits) != Z_OK) {
    return absl::InternalError("gunzip: out of memory");
  }
  stream.next_in = Unconst(zipped);
  stream.avail_in = static_cast<uInt>(zipped.size());
  std::string bytes;
  absl::Status status = absl::OkStatus();
  bool is_member_whole = false;
  while (true) {
    // One byte more than allowed shows that it is too large.
    const size_t filled = bytes.size();
    const size_t room = std::min(kPieceBytes, bytes_max - filled + 1);
    bytes.resize(filled + room);
    stream.next_out = Unconst(bytes) + filled;
    stream.avail_out = static_cast<uInt>(room);
    const int result = inflate(&stream, Z_NO_FLUSH);
    bytes.resize(filled + room - stream.avail_out);
    if (bytes.size() > bytes_max) {
      status = TooLargeError(
          absl::StrCat("gunzip: more than the ", bytes_max, " bytes allowed"));
      break;
    }
    if (result == Z_STREAM_END) {
      is_member_whole = true;
      if (stream.avail_in == 0) break;
      inflateReset(&stream);
      continue;
    }
    if (result != Z_OK || (stream.avail_in == 0 && stream.avail_out > 0)) {
      status = absl::InvalidArgumentError(
          is_member_whole && result != Z_OK ? "gunzip: damaged, or more follows"
          : result == Z_OK || result == Z_BUF_ERROR ? "gunzip: cut short"
                                                    : "gunzip: damaged");
      break;
    }
    is_member_whole = false;
  }
  inflateEnd(&stream);
  if (!status.ok()) return status;
  return bytes;
}

}  // namespace vidimus
