// The register as a gateway knows it: every document that verdicts ask for,
// proven at one head to be all there are. Bytes are asked for over the log's
// door and judged by verifier/proven_register.h.
#ifndef VIDIMUS_CLIENT_GATEWAY_REGISTER_H_
#define VIDIMUS_CLIENT_GATEWAY_REGISTER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/questions.h"
#include "verifier/extract.h"
#include "verifier/history.h"
#include "verifier/proven_register.h"

namespace vidimus {

// Neither copied nor moved: `documents` view `bytes`.
struct GatewayRegister {
  TreeHead head;
  Limits limits;
  std::vector<HistoryDocument> documents;  // position ascending
  std::vector<std::string> bytes;
};

// Reads the register at the head of `extract`, which knows the seal that ends
// it. A few questions each of many keys, and one for the leaves with their
// batches. kDataLoss says what is wrong with what the log shows.
absl::StatusOr<std::shared_ptr<const GatewayRegister>> ReadGatewayRegister(
    Questions* questions, const Extract& extract);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_GATEWAY_REGISTER_H_
