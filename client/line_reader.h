// Lines of a file, however long they claim to be. One thread.
#ifndef VIDIMUS_CLIENT_LINE_READER_H_
#define VIDIMUS_CLIENT_LINE_READER_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

#include "absl/strings/string_view.h"

namespace vidimus {

class LineReader {
 public:
  static constexpr size_t kLineBytesMax = size_t{1} << 20;

  // `file` is not owned.
  explicit LineReader(std::FILE* file) : file_(file) {}

  // The next line without its line feed (a carriage return before it goes
  // too); valid until the next call. False at the end. A line beyond
  // kLineBytesMax is passed over: `*too_long` is then true and the line empty.
  bool Next(absl::string_view* line, bool* too_long) {
    line_.clear();
    *too_long = false;
    bool any = false;
    while (true) {
      if (at_ == size_) {
        size_ = std::fread(buffer_, 1, sizeof(buffer_), file_);
        at_ = 0;
        if (size_ == 0) {
          failed_ = std::ferror(file_) != 0;
          if (!any) return false;
          break;
        }
      }
      any = true;
      const absl::string_view rest(buffer_ + at_, size_ - at_);
      const size_t end = rest.find('\n');
      const absl::string_view part = rest.substr(0, end);
      if (line_.size() + part.size() > kLineBytesMax) *too_long = true;
      if (!*too_long) line_.append(part.data(), part.size());
      at_ += part.size();
      if (end != absl::string_view::npos) {
        ++at_;
        break;
      }
    }
    ++number_;
    if (*too_long) line_.clear();
    if (!line_.empty() && line_.back() == '\r') line_.pop_back();
    *line = line_;
    return true;
  }

  // The number of the last line, counted from 1.
  uint64_t number() const { return number_; }

  // Whether reading ended with an error, not with the end.
  bool failed() const { return failed_; }

 private:
  std::FILE* const file_;
  char buffer_[65536];
  size_t at_ = 0;
  size_t size_ = 0;
  std::string line_;
  uint64_t number_ = 0;
  bool failed_ = false;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_LINE_READER_H_
