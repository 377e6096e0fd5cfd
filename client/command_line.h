// The command line of one verb: a table of flags that reads the arguments and
// writes the help. "--name value" and "--name=value" mean the same; "--" ends
// the flags. Prints only what the caller must see: help to standard output,
// what is wrong to standard error.
#ifndef VIDIMUS_CLIENT_COMMAND_LINE_H_
#define VIDIMUS_CLIENT_COMMAND_LINE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace vidimus {

class CommandLine {
 public:
  // `usage` is what follows "vidimus " in the first line of the help, `about`
  // the text under it.
  CommandLine(absl::string_view usage, absl::string_view about);

  // Flags; the targets hold the defaults, must outlive Parse, and are set only
  // for flags that stand in the arguments. `value` names what the flag takes,
  // as the help shows it.
  void Text(absl::string_view name, absl::string_view value,
            absl::string_view help, std::string* target);
  // May stand several times.
  void Texts(absl::string_view name, absl::string_view value,
             absl::string_view help, std::vector<std::string>* target);
  // A decimal number from `min` to `max`.
  void Number(absl::string_view name, absl::string_view value,
              absl::string_view help, uint64_t min, uint64_t max,
              uint64_t* target);
  // One of `choices`.
  void Choice(absl::string_view name, const std::vector<std::string>& choices,
              absl::string_view help, std::string* target);
  // Takes no value.
  void Switch(absl::string_view name, absl::string_view help, bool* target);

  // Flags that must stand in the arguments.
  void Require(const std::vector<std::string>& names) { required_ = names; }

  // Arguments that are no flags: how many there may be.
  void Operands(size_t min, size_t max, std::vector<std::string>* target);

  // Text after the flags, such as examples.
  void Epilogue(absl::string_view text);

  // Reads the arguments after the verb. Returns nothing if the verb should go
  // on, else what to exit with: kExitTrue after --help, kExitUsage after a
  // flag that is unknown, misspelt or without its value.
  std::optional<int> Parse(const std::vector<std::string>& arguments) const;

  // The same without printing: what is wrong as kInvalidArgument; kCancelled if
  // help was asked for.
  absl::Status Read(const std::vector<std::string>& arguments) const;

  std::string Help() const;

 private:
  struct Flag {
    std::string name;
    std::string value;  // empty: takes none
    std::string help;
    std::function<absl::Status(const std::string&)> set;
  };
  const Flag* Find(absl::string_view name) const;

  const std::string usage_;
  const std::string about_;
  std::string epilogue_;
  std::vector<Flag> flags_;
  std::vector<std::string> required_;
  size_t operands_min_ = 0;
  size_t operands_max_ = 0;
  std::vector<std::string>* operands_ = nullptr;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_COMMAND_LINE_H_
