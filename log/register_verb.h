// The verb `register` of vidimus-log: signs documents and, by the operator's
// socket of a running log, enters them, lists, shows and proves.
// docs/register.md, docs/operating.md.
#ifndef VIDIMUS_LOG_REGISTER_VERB_H_
#define VIDIMUS_LOG_REGISTER_VERB_H_

#include <string>
#include <vector>

namespace vidimus {

// Runs it with the words after its name; returns what to exit with.
int RegisterVerb(const std::vector<std::string>& words);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_REGISTER_VERB_H_
