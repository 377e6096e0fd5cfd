// What parses as a URL or an address formats back to the same bytes.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "proto/address.h"
#include "proto/url.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<vidimus::Url> url = vidimus::ParseUrl(text);
  if (url.ok() && url->ToString() != text) abort();
  const absl::StatusOr<vidimus::HostPort> address =
      vidimus::ParseHostPort(text);
  if (address.ok() && address->ToString() != text) abort();
  return 0;
}
