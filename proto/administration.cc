#include "proto/administration.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace vidimus {
namespace {

constexpr absl::string_view kPrefix = "urn:vidimus:administration:";
constexpr uint32_t kNumberMax = 0xfffffffe;

}  // namespace

std::string AdministrationUri(uint32_t administration) {
  return absl::StrCat(kPrefix, administration);
}

absl::StatusOr<uint32_t> AdministrationOfUris(
    const std::vector<std::string>& uris) {
  const std::string* found = nullptr;
  for (const std::string& uri : uris) {
    if (!absl::StartsWithIgnoreCase(uri, kPrefix)) continue;
    if (found != nullptr) {
      return absl::PermissionDeniedError(
          "certificate: names more than one administration");
    }
    found = &uri;
  }
  if (found == nullptr) {
    return absl::UnauthenticatedError(
        "certificate: names no administration; a submitter's certificate has "
        "the URI urn:vidimus:administration:<number>");
  }
  uint32_t number = 0;
  absl::string_view digits = *found;
  if (!absl::ConsumePrefix(&digits, kPrefix) ||
      !absl::SimpleAtoi(digits, &number) || digits != absl::StrCat(number) ||
      number > kNumberMax) {
    return absl::PermissionDeniedError(
        "certificate: its administration is not a decimal number from 0 to "
        "4294967294");
  }
  return number;
}

}  // namespace vidimus
