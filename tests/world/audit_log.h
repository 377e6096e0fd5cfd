// The accesses of the sample world as a city's services log them today: JSON
// lines of the City of Helsinki's audit logger (django-resilient-logger), and
// the mapping that says what such lines lack (docs/submitting.md). The library
// and its output: tests/testdata/resilient_logger.
#ifndef TESTS_WORLD_AUDIT_LOG_H_
#define TESTS_WORLD_AUDIT_LOG_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "proto/record.pb.h"
#include "tests/world/chain.h"
#include "tests/world/city.h"

namespace vidimus {

// The audit log of one administration. Not thread-safe.
class AuditLog {
 public:
  AuditLog(const City& city, uint32_t administration)
      : city_(city), administration_(administration) {}

  // The line for an access, without line feed, and the rule by which it is
  // mapped back. Nothing for what this logger cannot say: a disclosure to
  // somebody, which model it was, an operation that nobody knows, a record that
  // is none.
  std::optional<std::string> Line(const WorldEntry& entry);

  // The textproto for all lines so far.
  std::string Mapping() const;

 private:
  // The name by which the service would call what was looked at: one for each
  // use that the mapping must tell apart.
  std::string TargetType(const v1::AccessRecord& access);

  const City& city_;
  const uint32_t administration_;
  std::map<std::string, std::string> types_;  // by rule
  uint64_t lines_ = 0;
};

}  // namespace vidimus

#endif  // TESTS_WORLD_AUDIT_LOG_H_
