#include "client/terminal.h"

#include <unistd.h>

#include <cstdio>
#include <string>

namespace vidimus {

std::string Grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

ProgressLine::ProgressLine() : on_terminal_(isatty(STDERR_FILENO) == 1) {}

ProgressLine::~ProgressLine() { Clear(); }

bool ProgressLine::Due() {
  return on_terminal_ && std::chrono::steady_clock::now() >= next_;
}

void ProgressLine::Show(absl::string_view line) {
  if (!on_terminal_) return;
  std::fprintf(stderr, "\r\033[K%.*s", static_cast<int>(line.size()),
               line.data());
  std::fflush(stderr);
  shown_ = true;
  next_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
}

void ProgressLine::Clear() {
  if (shown_) std::fputs("\r\033[K", stderr);
  shown_ = false;
}

}  // namespace vidimus
