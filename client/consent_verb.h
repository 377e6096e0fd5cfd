// The verbs `consent`, `wallet` and `identity`: command lines over consent.h
// and wallet.h. Each prints the words that are signed, asks, and says in one
// sentence what then holds.
#ifndef VIDIMUS_CLIENT_CONSENT_VERB_H_
#define VIDIMUS_CLIENT_CONSENT_VERB_H_

#include <string>
#include <vector>

namespace vidimus {

// With the arguments after the verb's name; return what to exit with
// (client.h).
int ConsentMain(const std::vector<std::string>& arguments);
int WalletMain(const std::vector<std::string>& arguments);
int IdentityMain(const std::vector<std::string>& arguments);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_CONSENT_VERB_H_
