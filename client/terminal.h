// What people read: numbers with commas, a progress line that rewrites itself.
#ifndef VIDIMUS_CLIENT_TERMINAL_H_
#define VIDIMUS_CLIENT_TERMINAL_H_

#include <chrono>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace vidimus {

// 1234567 -> "1,234,567"
std::string Grouped(uint64_t number);

// Shows one line on standard error, at most five times a second, if that is a
// terminal; nothing otherwise. One thread.
class ProgressLine {
 public:
  ProgressLine();
  // Wipes the line.
  ~ProgressLine();

  // Whether it is time for a new line: ask before making an expensive one.
  bool Due();
  void Show(absl::string_view line);
  void Clear();

 private:
  const bool on_terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_TERMINAL_H_
