#include "verifier/subject.h"

#include <cstddef>
#include <cstdint>

#include "verifier/record.h"

namespace vidimus {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The number that the `count` digits of `text` from `begin` on are, or -1.
int Digits(std::string_view text, size_t begin, size_t count) {
  int number = 0;
  for (size_t i = begin; i < begin + count; ++i) {
    if (!IsDigit(text[i])) return -1;
    number = number * 10 + (text[i] - '0');
  }
  return number;
}

// In the Gregorian calendar.
bool IsDate(int year, int month, int day) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12 || day < 1) return false;
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return day <= kDays[month - 1] + (month == 2 && leap ? 1 : 0);
}

bool IsOpaque(std::string_view id) { return !id.empty(); }

// 8-4-4-4-12 lower-case hexadecimal digits.
bool IsUuid(std::string_view id) {
  if (id.size() != 36) return false;
  for (size_t i = 0; i < id.size(); ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen ? id[i] != '-'
               : !IsDigit(id[i]) && !(id[i] >= 'a' && id[i] <= 'f')) {
      return false;
    }
  }
  return true;
}

// DDMMYY, a sign for the century, three digits, a control character.
bool IsHetu(std::string_view id) {
  constexpr std::string_view kControl = "0123456789ABCDEFHJKLMNPRSTUVWXY";
  if (id.size() != 11) return false;
  int century;
  switch (id[6]) {
    case '+':
      century = 1800;
      break;
    case '-':
    case 'U':
    case 'V':
    case 'W':
    case 'X':
    case 'Y':
      century = 1900;
      break;
    case 'A':
    case 'B':
    case 'C':
    case 'D':
    case 'E':
    case 'F':
      century = 2000;
      break;
    default:
      return false;
  }
  const int birth = Digits(id, 0, 6);
  const int person = Digits(id, 7, 3);
  if (birth < 0 || person < 2) return false;
  return IsDate(century + birth % 100, birth / 100 % 100, birth / 10000) &&
         id[10] == kControl[(int64_t{birth} * 1000 + person) % 31];
}

// YYYYMMDD, three digits, a check digit over all but the century. A
// coordination number has 60 added to the day.
bool IsPersonnummer(std::string_view id) {
  if (id.size() != 12) return false;
  const int year = Digits(id, 0, 4);
  const int month_day = Digits(id, 4, 4);
  const int person = Digits(id, 8, 3);
  if (year < 1800 || year > 2099 || month_day < 0 || person < 1 ||
      !IsDigit(id[11])) {
    return false;
  }
  const int day = month_day % 100;
  if (!IsDate(year, month_day / 100, day > 60 ? day - 60 : day)) return false;
  int sum = 0;
  for (size_t i = 2; i < 12; ++i) {
    const int product = (id[i] - '0') * (i % 2 == 0 ? 2 : 1);
    sum += product / 10 + product % 10;
  }
  return sum % 10 == 0;
}

struct Form {
  std::string_view name;
  bool (*is)(std::string_view id);
};

constexpr Form kForms[] = {
    {"opaque", IsOpaque},
    {"uuid", IsUuid},
    {"fi-hetu", IsHetu},
    {"se-personnummer", IsPersonnummer},
};

const Form* FindForm(std::string_view name) {
  for (const Form& form : kForms) {
    if (form.name == name) return &form;
  }
  return nullptr;
}

}  // namespace

bool IdFormIsKnown(std::string_view name) { return FindForm(name) != nullptr; }

Finding JudgeSubject(const std::vector<IdScheme>& schemes,
                     std::string_view subject) {
  if (subject.size() < 2 || subject.size() > kSubjectBytesMax) {
    return Finding::kSubjectSize;
  }
  for (const IdScheme& scheme : schemes) {
    if (scheme.scheme != static_cast<uint8_t>(subject[0])) continue;
    const Form* const form = FindForm(scheme.form);
    if (form == nullptr) return Finding::kSubjectForm;
    return form->is(subject.substr(1)) ? Finding::kOk
                                       : Finding::kSubjectSpelling;
  }
  return Finding::kSubjectScheme;
}

}  // namespace vidimus
