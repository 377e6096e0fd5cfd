#include "client/command_line.h"

#include <cstdio>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/client.h"
#include "proto/status.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr size_t kHelpColumn = 26;
constexpr size_t kHelpWidth = 78;

// `text` broken into lines that begin at kHelpColumn.
std::string Indented(absl::string_view text) {
  std::string out;
  size_t column = kHelpColumn;
  for (absl::string_view word : absl::StrSplit(text, ' ')) {
    if (column + 1 + word.size() > kHelpWidth && column > kHelpColumn) {
      absl::StrAppend(&out, "\n", std::string(kHelpColumn, ' '));
      column = kHelpColumn;
    } else if (column > kHelpColumn) {
      out += ' ';
      ++column;
    }
    absl::StrAppend(&out, word);
    column += word.size();
  }
  return out;
}

}  // namespace

CommandLine::CommandLine(absl::string_view usage, absl::string_view about)
    : usage_(usage), about_(about) {}

void CommandLine::Text(absl::string_view name, absl::string_view value,
                       absl::string_view help, std::string* target) {
  flags_.push_back({std::string(name), std::string(value), std::string(help),
                    [target](const std::string& text) {
                      *target = text;
                      return absl::OkStatus();
                    }});
}

void CommandLine::Texts(absl::string_view name, absl::string_view value,
                        absl::string_view help,
                        std::vector<std::string>* target) {
  flags_.push_back({std::string(name), std::string(value), std::string(help),
                    [target](const std::string& text) {
                      target->push_back(text);
                      return absl::OkStatus();
                    }});
}

void CommandLine::Number(absl::string_view name, absl::string_view value,
                         absl::string_view help, uint64_t min, uint64_t max,
                         uint64_t* target) {
  flags_.push_back(
      {std::string(name), std::string(value), std::string(help),
       [=, name = std::string(name)](const std::string& text) {
         uint64_t number = 0;
         if (!DecimalDecode(text, &number) || number < min || number > max) {
           return absl::InvalidArgumentError(absl::StrCat(
               "--", name, " takes a number from ", min, " to ", max));
         }
         *target = number;
         return absl::OkStatus();
       }});
}

void CommandLine::Choice(absl::string_view name,
                         const std::vector<std::string>& choices,
                         absl::string_view help, std::string* target) {
  flags_.push_back(
      {std::string(name), absl::StrJoin(choices, "|"), std::string(help),
       [=, name = std::string(name)](const std::string& text) {
         for (const std::string& choice : choices) {
           if (text == choice) {
             *target = text;
             return absl::OkStatus();
           }
         }
         return absl::InvalidArgumentError(absl::StrCat(
             "--", name, " takes one of ", absl::StrJoin(choices, ", ")));
       }});
}

void CommandLine::Switch(absl::string_view name, absl::string_view help,
                         bool* target) {
  flags_.push_back(
      {std::string(name), "", std::string(help), [target](const std::string&) {
         *target = true;
         return absl::OkStatus();
       }});
}

void CommandLine::Operands(size_t min, size_t max,
                           std::vector<std::string>* target) {
  operands_min_ = min;
  operands_max_ = max;
  operands_ = target;
}

void CommandLine::Epilogue(absl::string_view text) {
  epilogue_ = std::string(text);
}

const CommandLine::Flag* CommandLine::Find(absl::string_view name) const {
  for (const Flag& flag : flags_) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}

absl::Status CommandLine::Read(
    const std::vector<std::string>& arguments) const {
  std::vector<std::string> operands;
  absl::flat_hash_set<std::string> present;
  bool flags_ended = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (flags_ended || argument.size() < 2 || argument[0] != '-') {
      operands.push_back(argument);
      continue;
    }
    if (argument == "--") {
      flags_ended = true;
      continue;
    }
    if (argument == "--help" || argument == "-h") {
      return absl::CancelledError("help");
    }
    const size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const Flag* flag =
        name.compare(0, 2, "--") == 0 ? Find(name.substr(2)) : nullptr;
    if (flag == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("there is no flag ", name));
    }
    std::string value;
    if (flag->value.empty()) {
      if (equals != std::string::npos) {
        return absl::InvalidArgumentError(
            absl::StrCat(name, " takes no value"));
      }
    } else if (equals != std::string::npos) {
      value = argument.substr(equals + 1);
    } else if (i + 1 < arguments.size()) {
      value = arguments[++i];
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat(name, " needs a value: ", name, " ", flag->value));
    }
    RETURN_IF_ERROR(flag->set(value));
    present.insert(flag->name);
  }
  for (const std::string& name : required_) {
    if (!present.contains(name)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", name, " is missing"));
    }
  }
  if (operands.size() < operands_min_) {
    return absl::InvalidArgumentError("something is missing at the end");
  }
  if (operands.size() > operands_max_) {
    return absl::InvalidArgumentError(absl::StrCat(
        "there are more arguments than this verb takes (", operands_max_, ")"));
  }
  if (operands_ != nullptr) *operands_ = std::move(operands);
  return absl::OkStatus();
}

std::string CommandLine::Help() const {
  std::string help = absl::StrCat("vidimus ", usage_, "\n\n", about_, "\n");
  if (!flags_.empty()) help += "\n";
  for (const Flag& flag : flags_) {
    std::string left = absl::StrCat("  --", flag.name);
    if (!flag.value.empty()) absl::StrAppend(&left, " ", flag.value);
    if (left.size() + 2 <= kHelpColumn) {
      left.resize(kHelpColumn, ' ');
    } else {
      absl::StrAppend(&left, "\n", std::string(kHelpColumn, ' '));
    }
    absl::StrAppend(&help, left, Indented(flag.help), "\n");
  }
  if (!epilogue_.empty()) absl::StrAppend(&help, "\n", epilogue_, "\n");
  return help;
}

std::optional<int> CommandLine::Parse(
    const std::vector<std::string>& arguments) const {
  const absl::Status status = Read(arguments);
  if (status.ok()) return std::nullopt;
  if (absl::IsCancelled(status)) {
    std::fputs(Help().c_str(), stdout);
    return kExitTrue;
  }
  const std::string verb = usage_.substr(0, usage_.find(' '));
  std::fprintf(stderr,
               "vidimus %s: %s\nusage: vidimus %s\n(vidimus %s --help tells "
               "more)\n",
               verb.c_str(), std::string(status.message()).c_str(),
               usage_.c_str(), verb.c_str());
  return kExitUsage;
}

}  // namespace vidimus
