#include "tests/linkage/attacker.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "verifier/check.h"
#include "verifier/encoding.h"
#include "verifier/hash.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"

namespace vidimus {
namespace {

constexpr size_t kPrefixesMax = 4;
constexpr size_t kLabelBytes = 32;

// The ways of looking. A positive number says that the leaf at place[0] is that
// of who[0].
const char* const kWays[] = {"order of arrival",
                             "label, 1 byte",
                             "label, 2 bytes",
                             "label, 3 bytes",
                             "label, 4 bytes",
                             "commitment, 1 byte",
                             "commitment, 2 bytes",
                             "commitment, 3 bytes",
                             "commitment, 4 bytes",
                             "bits of the label",
                             "bits of commitment",
                             "bits of the leaf hash",
                             "bits of the leaf index",
                             "place in the batch",
                             "gap to the key before",
                             "depth in the trie",
                             "distance to the last label"};
constexpr size_t kOrder = 0;
constexpr size_t kWayCount = std::size(kWays);

size_t CommonBits(const std::string& a, const std::string& b) {
  size_t bits = 0;
  for (size_t k = 0; k < std::min(a.size(), b.size()); ++k) {
    const auto difference = static_cast<uint8_t>(a[k] ^ b[k]);
    if (difference == 0) {
      bits += 8;
      continue;
    }
    for (uint8_t mask = 0x80; (difference & mask) == 0; mask >>= 1) ++bits;
    break;
  }
  return bits;
}

Attacker::Traits TraitsOf(const PublicBatch& batch, size_t place) {
  Attacker::Traits traits;
  const std::string& leaf = batch.leaves[place];
  CHECK_EQ(leaf.size(), kLeafBytes);
  traits.bytes = leaf.substr(1);
  traits.bytes += Bytes(LeafHash(leaf));
  AppendBe64(batch.first_index + place, &traits.bytes);
  const auto count = static_cast<double>(batch.leaves.size() - 1);
  traits.place = static_cast<double>(place) / count;
  const auto key_at = [&](size_t k) { return batch.leaves[k].substr(1, 32); };
  const auto fraction_at = [&](size_t k) {
    return std::ldexp(static_cast<double>(Be64(key_at(k))), -64);
  };
  traits.gap =
      (fraction_at(place) - (place == 0 ? 0 : fraction_at(place - 1))) * count;
  if (place > 0) {
    traits.depth =
        static_cast<double>(CommonBits(key_at(place), key_at(place - 1)));
  }
  if (place + 2 < batch.leaves.size()) {
    traits.depth = std::max(
        traits.depth,
        static_cast<double>(CommonBits(key_at(place), key_at(place + 1))));
  }
  return traits;
}

std::string PrefixName(const Attacker::Traits& traits, size_t from,
                       size_t bytes) {
  return absl::StrCat(from, ":", traits.bytes.substr(from, bytes));
}

bool BitAt(const std::string& bytes, size_t bit) {
  return (static_cast<uint8_t>(bytes[bit / 8]) >> (7 - bit % 8) & 1) != 0;
}

}  // namespace

std::vector<double> Attacker::Look(const Person& person, const Traits& traits) {
  const auto leaves = static_cast<double>(person.leaves);
  std::vector<double> fits(kWayCount, 0);
  if (person.leaves == 0) return fits;
  size_t way = kOrder + 1;
  for (const size_t from : {size_t{0}, kLabelBytes}) {
    for (size_t bytes = 1; bytes <= kPrefixesMax; ++bytes) {
      const auto found = person.prefixes.find(PrefixName(traits, from, bytes));
      fits[way++] = found == person.prefixes.end() ? 0 : found->second / leaves;
    }
  }
  // Naive Bayes over bits.
  const size_t ends[] = {32, 64, 96, 104};
  size_t bit = 0;
  for (const size_t end : ends) {
    double sum = 0;
    for (; bit < 8 * end; ++bit) {
      const double one = (person.bits[bit] + 1.0) / (leaves + 2.0);
      sum += std::log(BitAt(traits.bytes, bit) ? one : 1 - one);
    }
    fits[way++] = sum;
  }
  fits[way++] = -std::abs(traits.place - person.place / leaves);
  fits[way++] = -std::abs(traits.gap - person.gap / leaves);
  fits[way++] = -std::abs(traits.depth - person.depth / leaves);
  fits[way++] = static_cast<double>(
      CommonBits(traits.bytes.substr(0, kLabelBytes), person.last_label));
  CHECK_EQ(way, kWayCount);
  return fits;
}

bool Attacker::Guess(const PublicBatch& batch, const LinkQuestion& question) {
  question_ = question;
  traits_ = {TraitsOf(batch, question.place[0]),
             TraitsOf(batch, question.place[1])};
  signs_.assign(kWayCount, 0);
  signs_[kOrder] = question.arrival_ms[0] < question.arrival_ms[1] ? 1 : -1;
  std::array<std::array<std::vector<double>, 2>, 2> fits;
  for (size_t who = 0; who < 2; ++who) {
    for (size_t leaf = 0; leaf < 2; ++leaf) {
      fits[who][leaf] = Look(people_[question.who[who]], traits_[leaf]);
    }
  }
  for (size_t way = kOrder + 1; way < kWayCount; ++way) {
    signs_[way] =
        fits[0][0][way] + fits[1][1][way] - fits[0][1][way] - fits[1][0][way];
  }
  if (said_.empty()) {
    said_.assign(kWayCount, 0);
    right_.assign(kWayCount, 0);
  }
  // The best way that says something here; a way that was mostly wrong is as
  // good as one that was mostly right.
  double best = 0;
  bool guess = true;
  for (size_t way = 0; way < kWayCount; ++way) {
    if (signs_[way] == 0 || said_[way] == 0) continue;
    const double lead = 2.0 * static_cast<double>(right_[way]) -
                        static_cast<double>(said_[way]);
    const double weight =
        std::abs(lead) / std::sqrt(static_cast<double>(said_[way]));
    if (weight <= best) continue;
    best = weight;
    guess = (signs_[way] > 0) == (lead > 0);
  }
  return guess;
}

void Attacker::Learn(bool first_is_first) {
  for (size_t way = 0; way < kWayCount; ++way) {
    if (signs_[way] == 0) continue;
    ++said_[way];
    if ((signs_[way] > 0) == first_is_first) ++right_[way];
  }
  for (size_t who = 0; who < 2; ++who) {
    Person& person = people_[question_.who[who]];
    const Traits& traits = traits_[first_is_first ? who : 1 - who];
    ++person.leaves;
    for (const size_t from : {size_t{0}, kLabelBytes}) {
      for (size_t bytes = 1; bytes <= kPrefixesMax; ++bytes) {
        ++person.prefixes[PrefixName(traits, from, bytes)];
      }
    }
    for (size_t bit = 0; bit < person.bits.size(); ++bit) {
      if (BitAt(traits.bytes, bit)) ++person.bits[bit];
    }
    person.place += traits.place;
    person.gap += traits.gap;
    person.depth += traits.depth;
    person.last_label = traits.bytes.substr(0, kLabelBytes);
  }
}

const char* Attacker::best() const {
  size_t best = 0;
  double most = -1;
  for (size_t way = 0; way < said_.size(); ++way) {
    if (said_[way] == 0) continue;
    const double lead = std::abs(2.0 * static_cast<double>(right_[way]) -
                                 static_cast<double>(said_[way])) /
                        std::sqrt(static_cast<double>(said_[way]));
    if (lead > most) {
      most = lead;
      best = way;
    }
  }
  return kWays[best];
}

}  // namespace vidimus
