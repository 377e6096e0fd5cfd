// The vectors behind C functions: as a wasm module without imports, and as a
// shared library. The host writes a file's name and content into memory it was
// given and asks for the judgement.

#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>

#include "tests/vectors/cases.h"

#ifdef __wasm__
#define EXPORT(name) extern "C" __attribute__((export_name(#name)))
#else
#define EXPORT(name) extern "C" __attribute__((visibility("default")))
#endif

namespace {

vidimus::VectorResult* result = nullptr;
std::string* report = nullptr;

}  // namespace

// Memory for `size` bytes of the host's; never given back.
EXPORT(vectors_alloc) char* vectors_alloc(size_t size) {
  return static_cast<char*>(std::malloc(size));
}

// Runs one file; returns how many cases failed.
EXPORT(vectors_run)
int vectors_run(const char* name, size_t name_bytes, const char* json,
                size_t json_bytes) {
  delete result;
  result = new vidimus::VectorResult(
      vidimus::RunVectors({name, name_bytes}, {json, json_bytes}, nullptr));
  delete report;
  report = new std::string;
  for (const std::string& about : result->failed) *report += about + "\n";
  return static_cast<int>(result->failed.size());
}

// Of the last run: how many cases passed, and a line for each that failed.
EXPORT(vectors_passed) int vectors_passed() { return result->passed; }
EXPORT(vectors_report) const char* vectors_report() { return report->data(); }
EXPORT(vectors_report_bytes) size_t vectors_report_bytes() {
  return report->size();
}
