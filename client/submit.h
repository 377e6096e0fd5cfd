// `vidimus submit`: lines in, receipts out.
#ifndef VIDIMUS_CLIENT_SUBMIT_H_
#define VIDIMUS_CLIENT_SUBMIT_H_

#include <string>
#include <vector>

namespace vidimus {

// Runs the verb with the arguments after its name; returns what to exit with
// (client.h).
int SubmitMain(const std::vector<std::string>& arguments);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_SUBMIT_H_
