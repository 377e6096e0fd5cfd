// A receipt out of any bytes: refused, or a grant that names somebody of the
// register and at least one purpose and category.

#include <cstddef>
#include <cstdint>

#include "client/consent_receipt.h"
#include "verifier/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vidimus;  // NOLINT: a test
  static const ReceiptRegister& known = *[] {
    auto* all = new ReceiptRegister;
    all->subject = "\x01me";
    all->administrations = 4;
    all->organisations.emplace("0201256-6", 3);
    return all;
  }();
  const auto grant =
      GrantOfReceipt({reinterpret_cast<const char*>(data), size}, known);
  if (!grant.ok()) return 0;
  CHECK(grant->administration_size() > 0);
  for (const uint32_t number : grant->administration()) {
    CHECK(number < known.administrations);
  }
  CHECK(grant->scope().purpose_size() > 0);
  CHECK(grant->scope().data_category_size() > 0);
  CHECK(!grant->lawful_basis().empty());
  return 0;
}
