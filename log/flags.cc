#include "log/flags.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace vidimus {
namespace {

constexpr size_t kWidth = 78;
constexpr char kIndent[] = "      ";

std::string Wrap(const std::string& text) {
  std::string wrapped;
  std::string line = kIndent;
  for (const std::string& word :
       std::vector<std::string>(absl::StrSplit(text, ' '))) {
    if (line.size() + 1 + word.size() > kWidth) {
      absl::StrAppend(&wrapped, line, "\n");
      line = kIndent;
    }
    absl::StrAppend(&line, line == kIndent ? "" : " ", word);
  }
  return absl::StrCat(wrapped, line, "\n");
}

}  // namespace

void Flags::Add(const std::string& name, const std::string& metavar,
                const std::string& help, std::string* value) {
  flags_.push_back({name, metavar, help, [value](const std::string& given) {
                      *value = given;
                      return true;
                    }});
}

void Flags::Add(const std::string& name, const std::string& metavar,
                const std::string& help, std::vector<std::string>* values) {
  flags_.push_back({name, metavar, help, [values](const std::string& given) {
                      values->push_back(given);
                      return true;
                    }});
}

void Flags::Add(const std::string& name, const std::string& metavar,
                const std::string& help, uint64_t* value) {
  flags_.push_back({name, metavar, help, [value](const std::string& given) {
                      return absl::SimpleAtoi(given, value);
                    }});
}

void Flags::Add(const std::string& name, const std::string& help, bool* value) {
  flags_.push_back({name, "", help, [value](const std::string& given) {
                      *value = given != "false";
                      return given == "true" || given == "false";
                    }});
}

absl::Status Flags::Parse(const std::vector<std::string>& arguments) const {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (!absl::StartsWith(argument, "--")) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", argument, "\" is not a flag; see --help"));
    }
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(argument.substr(2), absl::MaxSplits('=', 1));
    const bool has_value = argument.find('=') != std::string::npos;
    const Flag* found = nullptr;
    for (const Flag& flag : flags_) {
      if (flag.name == parts.first) found = &flag;
    }
    if (found == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("no flag --", parts.first, "; see --help"));
    }
    std::string value = parts.second;
    if (!has_value) {
      if (found->metavar.empty()) {
        value = "true";
      } else if (++i < arguments.size()) {
        value = arguments[i];
      } else {
        return absl::InvalidArgumentError(
            absl::StrCat("--", found->name, " wants a value (", found->metavar,
                         "); see --help"));
      }
    }
    if (!found->set(value)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--", found->name, ": \"", value, "\" is not ",
          found->metavar.empty() ? "true or false" : found->metavar));
    }
  }
  return absl::OkStatus();
}

std::string Flags::Describe() const {
  std::string text;
  for (const Flag& flag : flags_) {
    absl::StrAppend(&text, "  --", flag.name, flag.metavar.empty() ? "" : " ",
                    flag.metavar, "\n", Wrap(flag.help));
  }
  return text;
}

}  // namespace vidimus
