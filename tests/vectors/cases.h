// Runs the vectors of this folder through the verifier. The same code runs in
// the native test and, as wasm32, in tests/wasm.
#ifndef TESTS_VECTORS_CASES_H_
#define TESTS_VECTORS_CASES_H_

#include <string>
#include <string_view>
#include <vector>

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
                                                    "register_documents"};

struct VectorResult {
  int passed = 0;
  std::vector<std::string> failed;  // what each failed case is about
};

// Judges every case of one file. An unknown name is one failure.
VectorResult RunVectors(std::string_view name, std::string_view json);

}  // namespace vidimus

#endif  // TESTS_VECTORS_CASES_H_
