// The verb `vidimus access`: one access, asked first (gateway.h).
#ifndef VIDIMUS_CLIENT_ACCESS_H_
#define VIDIMUS_CLIENT_ACCESS_H_

#include <string>
#include <vector>

namespace vidimus {

// Runs the verb `access` with the arguments after its name; returns what to
// exit with (client.h).
int AccessMain(const std::vector<std::string>& arguments);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_ACCESS_H_
