// proto/administration.h
//
// Which administration a certificate speaks for: its subject alternative name
// `urn:vidimus:administration:<number>`, and nothing else. Pure, any thread.

#ifndef VIDIMUS_PROTO_ADMINISTRATION_H_
#define VIDIMUS_PROTO_ADMINISTRATION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace vidimus {

// "urn:vidimus:administration:7".
std::string AdministrationUri(uint32_t administration);

// The administration that a certificate with these URIs speaks for. The URIs
// must come from a certificate that was verified. kUnauthenticated if none of
// them names an administration; kPermissionDenied if several do, or if the
// number is not a decimal one without leading zeros up to 4294967294 (the next
// is reserved and never an administration's).
absl::StatusOr<uint32_t> AdministrationOfUris(
    const std::vector<std::string>& uris);

}  // namespace vidimus

#endif  // VIDIMUS_PROTO_ADMINISTRATION_H_
