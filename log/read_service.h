// The way of a read: a path becomes a tile address, the storage gives bytes.
// C2SP tlog-tiles, byte for byte: docs/tiles.md. Everything here is public and
// the same for everyone; all but the checkpoint can be cached for ever.
#ifndef VIDIMUS_LOG_READ_SERVICE_H_
#define VIDIMUS_LOG_READ_SERVICE_H_

#include <string_view>

#include "log/cosigning.h"
#include "log/log.h"
#include "proto/http_server.h"

namespace vidimus {

class ReadService {
 public:
  // Neither is owned; `cosigning` is null if nobody is asked to cosign.
  ReadService(Log* log, const Cosigning* cosigning)
      : log_(log), cosigning_(cosigning) {}

  // The answer to GET or HEAD of `path`, which is below the log's prefix and
  // has no leading slash: checkpoint, cosigned/checkpoint, tile/..., index/...,
  // register/... . Whatever else it is, 404 says so. `gzip`: the client takes
  // gzip (entry bundles are then compressed).
  HttpResponse Read(std::string_view path, bool gzip);

 private:
  HttpResponse Checkpoint();
  HttpResponse CosignedCheckpoint();
  HttpResponse Tile(std::string_view path, bool gzip);
  HttpResponse IndexFile(std::string_view path);
  HttpResponse Document(std::string_view path);

  Log* const log_;
  const Cosigning* const cosigning_;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_READ_SERVICE_H_
