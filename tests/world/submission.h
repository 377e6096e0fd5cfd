// What of a chain its two sides would send to a log: the administration its
// accesses, signed with its entry key, and the resident their statements. Pure.
#ifndef TESTS_WORLD_SUBMISSION_H_
#define TESTS_WORLD_SUBMISSION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "proto/vidimus.pb.h"
#include "tests/world/chain.h"
#include "tests/world/city.h"

namespace vidimus {

// One entry; its salts follow from `salt_seed` and its id, so that the same
// world gives the same bytes. The id is the record's own; a record that cannot
// be read has one made of its bytes.
v1::Entry EntryOf(const WorldEntry& entry, const std::string& salt_seed);

// A request of an administration, signed by the key of `entry_seed` for the log
// `origin`. At least one entry (CHECK).
v1::SubmitRequest RequestOf(const std::string& origin, uint32_t administration,
                            const std::string& entry_seed,
                            const std::vector<v1::Entry>& entries);

// Whether the resident files it, and not the administration or the log.
bool IsStatement(const WorldEntry& entry);
// Whether the administration submits it.
bool IsAccess(const WorldEntry& entry);

}  // namespace vidimus

#endif  // TESTS_WORLD_SUBMISSION_H_
