// Whatever a line holds, the formats either refuse it or make a record that the
// door of a log takes.

#include <cstddef>
#include <cstdint>
#include <string>

#include "client/line_format.h"
#include "client/resilient_logger.h"
#include "verifier/check.h"
#include "verifier/record.h"

namespace vidimus {
namespace {

AccessContext Context() {
  AccessContext context;
  context.origin = "log.example";
  context.administration = 1;
  context.id_key = std::string(32, 'k');
  context.head_size = [] { return uint64_t{9}; };
  return context;
}

v1::Mapping TestMapping() {
  const absl::StatusOr<v1::Mapping> mapping = ParseMapping(
      "controller_id: '1' subject { scheme: 1 form: TEXT path: "
      "'audit_event.target.id' } rule { operation: 'LOGIN' skip: true } rule { "
      "purpose: 'p' legal_basis { basis: 'b' } data_category: 'c' "
      "retention_days: 3 }");
  CHECK(mapping.ok());
  return *mapping;
}

void Try(const LineFormat& format, absl::string_view line) {
  const absl::StatusOr<Draft> draft = format.Read(line);
  if (!draft.ok()) return;
  AccessRecord access;
  Actor actor;
  CHECK(ParseAccess(draft->record, &access, nullptr) == Finding::kOk);
  CHECK(ParseActor(draft->actor, &actor) == Finding::kOk);
  CHECK_EQ(access.administration, 1u);
  CHECK(access.entry_id == std::string_view(draft->id.data(), 16));
}

}  // namespace
}  // namespace vidimus

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using vidimus::Context;
  static const auto& logger =
      *vidimus::NewResilientLoggerFormat(vidimus::TestMapping(), Context())
           .release();
  static const auto& record = *vidimus::NewRecordFormat(Context()).release();
  const absl::string_view line(reinterpret_cast<const char*>(data), size);
  vidimus::Try(logger, line);
  vidimus::Try(record, line);
  return 0;
}
