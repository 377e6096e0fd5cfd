#include "log/read_service.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/gzip.h"
#include "verifier/encoding.h"
#include "verifier/register.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

constexpr char kOctets[] = "application/octet-stream";
constexpr char kForEver[] = "public, max-age=31536000, immutable";

HttpResponse Public(HttpResponse response, const char* cache_control) {
  response.headers.emplace_back("Cache-Control", cache_control);
  return response;
}

HttpResponse NotFound(absl::string_view why) { return TextResponse(404, why); }

}  // namespace

HttpResponse ReadService::Read(std::string_view path, bool gzip) {
  HttpResponse response = path == "checkpoint"            ? Checkpoint()
                          : path == "cosigned/checkpoint" ? CosignedCheckpoint()
                          : path.substr(0, 5) == "tile/"  ? Tile(path, gzip)
                          : path.substr(0, 6) == "index/" ? IndexFile(path)
                                                          : Document(path);
  response.headers.emplace_back("Access-Control-Allow-Origin", "*");
  return response;
}

HttpResponse ReadService::Checkpoint() {
  HttpResponse response(200, "text/plain; charset=utf-8", "");
  const std::shared_ptr<const Published> latest = log_->Latest();
  // Shares the head's life, not only the note's.
  response.SetSharedBody(
      std::shared_ptr<const std::string>(latest, &latest->checkpoint));
  return Public(std::move(response), "no-cache");
}

HttpResponse ReadService::CosignedCheckpoint() {
  const std::shared_ptr<const Cosigned> latest =
      cosigning_ == nullptr ? nullptr : cosigning_->Latest();
  if (latest == nullptr) {
    return NotFound(cosigning_ == nullptr
                        ? "nobody is asked to cosign this log"
                        : "no head has the quorum of the log's policy yet");
  }
  HttpResponse response(200, "text/plain; charset=utf-8", "");
  response.SetSharedBody(
      std::shared_ptr<const std::string>(latest, &latest->note));
  return Public(std::move(response), "no-cache");
}

HttpResponse ReadService::Tile(std::string_view path, bool gzip) {
  const std::optional<TileAddress> address = ParseTilePath(path);
  if (!address.has_value()) {
    return NotFound("no such path: not spelled as C2SP tlog-tiles wants it");
  }
  const uint64_t size = log_->Latest()->head.size;
  const int width = TileWidthAt(size, address->level, address->n);
  if (width < address->width) {
    return NotFound(absl::StrCat(
        "this tile is beyond the tree: the newest checkpoint has size ", size));
  }
  const absl::StatusOr<std::shared_ptr<const std::string>> bytes =
      log_->tiles().Read(*address);
  if (!bytes.ok()) return ErrorResponse(bytes.status());
  HttpResponse response(200, kOctets, "");
  if (gzip && address->level == TileAddress::kEntries) {
    response.SetBody(Gzip(**bytes));
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.headers.emplace_back("Vary", "Accept-Encoding");
  } else {
    response.SetSharedBody(*bytes);
  }
  return Public(std::move(response), kForEver);
}

HttpResponse ReadService::IndexFile(std::string_view path) {
  if (log_->index() == nullptr) {
    return NotFound("an opaque log has no index");
  }
  // What a file holds is public for ever, so its leaves must be signed for: the
  // index knows leaves that are only being committed.
  const size_t dash = path.find('-');
  const size_t slash = path.find('/', dash);
  uint64_t end = 0;
  if (slash == std::string_view::npos ||
      !DecimalDecode(path.substr(dash + 1, slash - dash - 1), &end) ||
      end >= log_->Latest()->head.size) {
    return NotFound("no such part of the index");
  }
  absl::StatusOr<std::string> bytes =
      log_->index()->ReadFile({path.data(), path.size()});
  if (!bytes.ok()) return ErrorResponse(bytes.status());
  return Public(HttpResponse(200, kOctets, *std::move(bytes)), kForEver);
}

HttpResponse ReadService::Document(std::string_view path) {
  const std::optional<Hash> hash = ParseRegisterPath(path);
  if (!hash.has_value()) return NotFound("no such path");
  if (log_->documents() == nullptr) {
    return NotFound("an opaque log has no register");
  }
  std::shared_ptr<const std::string> document = log_->documents()->Find(*hash);
  if (document == nullptr) return NotFound("no such register document");
  HttpResponse response(200, kOctets, "");
  response.SetSharedBody(std::move(document));
  return Public(std::move(response), kForEver);
}

}  // namespace vidimus
