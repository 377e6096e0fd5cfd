#include "verifier/history.h"

#include <algorithm>
#include <utility>

namespace vidimus {
namespace {

template <typename T>
const DocumentVersion<T>& Add(const HistoryDocument& document,
                              Finding (*parse)(std::string_view, T*,
                                               const char**),
                              DocumentsOf<T>* documents) {
  DocumentVersion<T>& version = (*documents)[document.id.number].emplace_back();
  version.position = document.position;
  version.seal_time_s = document.seal_time_s;
  version.readable =
      document.message.has_value() &&
      parse(*document.message, &version.document, nullptr) == Finding::kOk;
  if (!version.readable) version.document = T();
  return version;
}

void Note(std::string_view name, uint32_t number,
          std::map<std::string_view, std::vector<uint32_t>>* numbers) {
  std::vector<uint32_t>& of_name = (*numbers)[name];
  const auto place = std::lower_bound(of_name.begin(), of_name.end(), number);
  if (place == of_name.end() || *place != number) {
    of_name.insert(place, number);
  }
}

}  // namespace

Limits LimitsOf(const Config& config) {
  return {config.notice_s, config.fresh_s,    config.late_s,
          config.skew_s,   config.recovery_s, config.keep_min_s};
}

RegisterIndex::RegisterIndex(const HistoryLog& log) {
  for (const HistoryDocument& document : log.documents) {
    switch (document.id.type) {
      case RegisterType::kAdministration:
        Add(document, ParseAdministration, &administrations);
        break;
      case RegisterType::kProvision:
        Add(document, ParseProvision, &provisions);
        break;
      case RegisterType::kPurpose: {
        const auto& version = Add(document, ParsePurpose, &purposes);
        if (version.readable) {
          Note(version.document.term, document.id.number, &purposes_by_term);
        } else if (!unreadable_purpose.has_value()) {
          unreadable_purpose = document.position;
        }
        break;
      }
      case RegisterType::kAiSystem: {
        const auto& version = Add(document, ParseAiSystem, &ai_systems);
        if (version.readable) {
          Note(version.document.id, document.id.number, &ai_systems_by_id);
        }
        break;
      }
      case RegisterType::kIdentityService:
        Add(document, ParseIdentityService, &identity_services);
        break;
      default:
        break;
    }
  }
}

}  // namespace vidimus
