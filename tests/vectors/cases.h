// Runs the vectors of this folder through the verifier. The same code runs in
// the native test and, as wasm32, in tests/wasm.
#ifndef TESTS_VECTORS_CASES_H_
#define TESTS_VECTORS_CASES_H_

#include <string>
#include <string_view>
#include <vector>

#include "verifier/es256_verify.h"

namespace vidimus {

// The files that RunVectors knows, without ".json".
inline constexpr std::string_view kVectorFiles[] = {"tree",
                                                    "note",
                                                    "leaf",
                                                    "label",
                                                    "commitment",
                                                    "submission",
                                                    "register",
                                                    "log",
                                                    "runs",
                                                    "trie",
                                                    "index",
                                                    "multi",
                                                    "several",
                                                    "record",
                                                    "statement",
                                                    "statement_records",
                                                    "statement_signatures",
                                                    "register_documents",
                                                    "verdicts"};

struct VectorResult {
  int passed = 0;
  std::vector<std::string> failed;  // what each failed case is about
};

// Judges every case of one file. An unknown name is one failure. `es256` may be
// null where there is none: what a case says of it is then believed.
VectorResult RunVectors(std::string_view name, std::string_view json,
                        Es256Verify es256);

}  // namespace vidimus

#endif  // TESTS_VECTORS_CASES_H_
