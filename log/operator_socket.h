// The operator's door: a socket in the log's folder, mode 0600. Who may open it
// is who may read the log's keys anyway; nobody else is answered. It carries
// log/operator.proto: one request and one answer for each connection.
#ifndef VIDIMUS_LOG_OPERATOR_SOCKET_H_
#define VIDIMUS_LOG_OPERATOR_SOCKET_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/operator.pb.h"

namespace vidimus {

class OperatorSocket {
 public:
  // Called from several threads at once.
  using Handler = std::function<absl::StatusOr<vault::OperatorAnswer>(
      const vault::OperatorRequest&)>;

  // Makes the socket `name` in `folder`, in place of one that a dead server
  // left, and answers on it until destroyed. The caller holds the log's signing
  // lock. A few requests at a time, the others wait.
  static absl::StatusOr<std::unique_ptr<OperatorSocket>> Open(
      const std::string& folder, const std::string& name, Handler handler);

  // Takes the socket away; waits for what is being answered.
  virtual ~OperatorSocket() = default;
};

// Asks the server that runs on `folder`. The answer's own code and message
// become the status. kUnavailable if no server answers there.
absl::StatusOr<vault::OperatorAnswer> AskOperatorSocket(
    const std::string& folder, const std::string& name,
    const vault::OperatorRequest& request);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_OPERATOR_SOCKET_H_
