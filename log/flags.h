// Command-line flags: --name=value or --name value. A small table instead of
// global variables, so that each verb has its own and --help can teach.
#ifndef VIDIMUS_LOG_FLAGS_H_
#define VIDIMUS_LOG_FLAGS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace vidimus {

class Flags {
 public:
  // Each adds a flag whose value goes to `*value` when it is given; what stands
  // there before is the default. A bool may stand without a value. `help` is
  // one or two sentences.
  void Add(const std::string& name, const std::string& metavar,
           const std::string& help, std::string* value);
  void Add(const std::string& name, const std::string& metavar,
           const std::string& help, std::vector<std::string>* values);
  void Add(const std::string& name, const std::string& metavar,
           const std::string& help, uint64_t* value);
  void Add(const std::string& name, const std::string& help, bool* value);

  // Reads `arguments`. kInvalidArgument names what is not understood.
  absl::Status Parse(const std::vector<std::string>& arguments) const;

  // The flags with their help, for --help.
  std::string Describe() const;

 private:
  struct Flag {
    std::string name;
    std::string metavar;  // empty: a bool
    std::string help;
    std::function<bool(const std::string& value)> set;
  };

  std::vector<Flag> flags_;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_FLAGS_H_
