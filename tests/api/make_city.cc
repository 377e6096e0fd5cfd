// Writes a city's files for examples and measurements:
//
//   make_city FOLDER [ACCESSES]

#include <cstdlib>
#include <fstream>
#include <string>

#include "tests/api/city.h"

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const vidimus::City city =
      vidimus::MakeCity(argc > 2 ? std::atoi(argv[2]) : 0, 500);
  const auto write = [&](const char* name, const std::string& bytes) {
    std::ofstream(std::string(argv[1]) + "/" + name, std::ios::binary) << bytes;
  };
  write("log.vkey", city.log_key);
  write("policy", city.policy);
  write("older", city.older);
  write("newer", city.newer);
  write("tiles", city.tiles);
  write("bundle", city.bundle);
  write("unread", city.unread);
  write("subject", city.subject);
}
