// A resident, their city's log and everybody who watches it, in one bundle, for
// tests of the verifier's interface: a key, a grant, an access under it, the
// withdrawal, an access after it, cosigned by a witness and a monitor.
#ifndef TESTS_API_CITY_H_
#define TESTS_API_CITY_H_

#include <cstdint>
#include <string>

namespace vidimus {

struct City {
  std::string origin;
  std::string log_key;
  std::string policy;   // one witness and one monitor, which is in two groups
  std::string older;    // a checkpoint
  std::string newer;    // the bundle's checkpoint, cosigned
  std::string tiles;    // what shows that it extends the older one
  std::string subject;  // s
  std::string bundle;   // a chain bundle under it
  std::string lone;     // the same under the log's own signature alone
  std::string unread;   // with one access more, by law; who can't be read
  // The entries of chain 0 of which the verdicts are known.
  uint64_t granted = 0;    // under consent
  uint64_t withdrawn = 0;  // a violation
  uint64_t lawful = 0;     // under law
  std::string statement;   // the grant, a Statement message
  std::string record;      // as it is filed, a Record message
  std::string public_key;  // which signed it by ES256
};

// With that many more lawful accesses, each signed by itself, `accesses_each`
// to a batch. The wallet's key is drawn anew each time.
City MakeCity(int accesses = 0, int accesses_each = 100);

}  // namespace vidimus

#endif  // TESTS_API_CITY_H_
