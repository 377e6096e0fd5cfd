// Messages of proto/ as JSON and back, by the tables of wire.h: for languages
// that have no reader as strict as ours. Pure functions.
//
// A message is an object of the fields that stand in it, under their names in
// the .proto file: numbers and values of enums as numbers (from 2^53 up as
// decimal strings), bytes as lower-case hex, repeated fields as lists. A field
// that does not stand is no member.
#ifndef VERIFIER_MESSAGE_JSON_H_
#define VERIFIER_MESSAGE_JSON_H_

#include <string>
#include <string_view>

#include "verifier/finding.h"
#include "verifier/json_writer.h"
#include "verifier/wire.h"

namespace vidimus {

// Writes `message` as one value. It must obey `rule` (JudgeWire said kOk);
// of any other nothing is written but `null`.
void WriteMessage(const MessageRule& rule, std::string_view message,
                  JsonWriter* json);

// Sets `*message` to the one encoding of the object `json`. kOk; kJsonMalformed
// (no object by the rules of json.h, or larger than it reads), kJsonField (a
// member that is no field, or a value that its field cannot hold), or a finding
// of JudgeWire.
Finding EncodeMessage(const MessageRule& rule, std::string_view json,
                      std::string* message);

}  // namespace vidimus

#endif  // VERIFIER_MESSAGE_JSON_H_
