// `vidimus log vault ...`: what the operator asks of a running log.
#ifndef VIDIMUS_LOG_VAULT_VERB_H_
#define VIDIMUS_LOG_VAULT_VERB_H_

#include <string>
#include <vector>

namespace vidimus {

// Runs the words after `vault`; prints to standard output and error. The exit
// code: 0 done, 1 refused or failed, 2 not understood.
int VaultVerb(const std::vector<std::string>& words);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_VAULT_VERB_H_
