// How a resident reaches a log: the public paths and the questions of
// proto/vidimus.proto as JSON, over one TLS door. What comes back is not
// trusted: whoever asks judges it with verifier/.
#ifndef VIDIMUS_CLIENT_RESIDENT_DOOR_H_
#define VIDIMUS_CLIENT_RESIDENT_DOOR_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "client/questions.h"

namespace vidimus {

// One thread at a time. No failure is kDataLoss, which is left to those who
// judge.
class ResidentDoor : public Questions {
 public:
  // The resource at a public path, such as "checkpoint" or "register/...", of
  // at most `bytes_max`.
  virtual absl::StatusOr<std::string> Get(const std::string& path,
                                          size_t bytes_max) = 0;
  // Bytes of answers so far.
  virtual uint64_t bytes_read() const = 0;
};

// A door at `url` ("https://host:port", a log's prefix after it). `ca_pem`:
// whom to believe, besides nobody; empty: the system's authorities. `token`
// goes with GetChain alone, and only over TLS: kInvalidArgument for a plain
// "http://" URL. What fails for a moment is tried again, as the server says.
absl::StatusOr<std::unique_ptr<ResidentDoor>> NewResidentDoor(
    const std::string& url, const std::string& ca_pem,
    const std::string& token);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_RESIDENT_DOOR_H_
