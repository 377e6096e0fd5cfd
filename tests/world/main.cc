// Writes a sample world to a folder.
//
//   bazel run //tests/world:sample -- --out=/some/folder [--seed=1]
//       [--residents=30] [--accesses=1500] [--cities=3]
//
//   verdicts.csv                    what each access was built for
//   CITY/LOG/register/T-N-V         documents: signature, then message
//   CITY/LOG/chains/R-A             a chain's records, each with its length
//   CITY/LOG/submissions/A          requests (SubmitRequest), each with its
//                                   length as 4 bytes, big-endian
//   CITY/audit/A.jsonl, .textproto  the same accesses as a service logs them
//                                   today, and the mapping that goes with them
//
// The folder must not exist yet. Formats: docs/world.md.

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/world/audit_log.h"
#include "tests/world/submission.h"
#include "tests/world/world.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr size_t kRequestEntriesMax = 64;

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "sample: %s\n", why.c_str());
  std::exit(1);
}

void MakeFolder(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0) {
    Die(path + ": " + std::strerror(errno));
  }
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  file.close();
  if (!file) Die(path + " cannot be written");
}

void AppendWithLength(const std::string& bytes, std::string* out) {
  AppendBe32(static_cast<uint32_t>(bytes.size()), out);
  *out += bytes;
}

std::string Last(const std::string& origin) {
  return origin.substr(origin.rfind('/') + 1);
}

// What the administrations of one city have to send.
struct Outgoing {
  std::map<std::pair<uint32_t, uint32_t>, std::vector<v1::Entry>> requests;
  std::map<uint32_t, std::string> lines;
  std::map<uint32_t, std::unique_ptr<AuditLog>> audit;
};

void WriteRegister(const City& city, const WorldLog& log,
                   const std::string& folder) {
  MakeFolder(folder);
  for (const WorldDocument& document : log.documents) {
    if (!document.at_hand) continue;
    WriteFile(folder + "/" + std::to_string(static_cast<int>(document.type)) +
                  "-" + std::to_string(document.number) + "-" +
                  std::to_string(document.version),
              city.SignedDocument(log, document));
  }
}

void Write(const World& world, const std::string& out) {
  MakeFolder(out);
  for (size_t c = 0; c < world.cities(); ++c) {
    const City& city = world.city(c);
    const std::string folder = out + "/" + Last(city.family());
    MakeFolder(folder);
    MakeFolder(folder + "/audit");
    for (const WorldLog& log : city.logs()) {
      const std::string of_log = folder + "/" + Last(log.origin);
      MakeFolder(of_log);
      MakeFolder(of_log + "/chains");
      MakeFolder(of_log + "/submissions");
      WriteRegister(city, log, of_log + "/register");
    }
  }

  std::string verdicts =
      "city,resident,administration,log,entry,headline,failed,content,law,wish,"
      "race,stale,late\n";
  std::vector<Outgoing> outgoing(world.cities());
  for (size_t p = 0; p < world.plans().size(); ++p) {
    const World::Plan& plan = world.plans()[p];
    const City& city = world.city(plan.city);
    const WorldChain chain = world.Make(p);
    Outgoing& of_city = outgoing[plan.city];
    std::unique_ptr<AuditLog>& audit = of_city.audit[plan.administration];
    if (audit == nullptr) {
      audit = std::make_unique<AuditLog>(city, plan.administration);
    }
    std::vector<std::string> records(kWorldLogs);
    for (const WorldEntry& entry : chain.entries) {
      AppendWithLength(entry.record, &records[entry.log]);
      if (!entry.judged) continue;
      const Chosen& chosen = entry.chosen;
      verdicts += Last(city.family()) + "," + std::to_string(plan.resident) +
                  "," + std::to_string(plan.administration) + "," +
                  Last(city.logs()[entry.log].origin) + "," +
                  std::to_string(entry.number) + "," + chosen.headline + "," +
                  chosen.failed + "," + chosen.content + "," + chosen.law +
                  "," + chosen.wish + "," + (chosen.race ? "1," : "0,") +
                  (chosen.stale ? "1," : "0,") + (chosen.late ? "1" : "0") +
                  "\n";
      of_city.requests[{entry.log, plan.administration}].push_back(
          EntryOf(entry, city.EntrySeed(plan.administration)));
      const auto line = audit->Line(entry);
      if (line.has_value()) {
        of_city.lines[plan.administration] += *line + "\n";
      }
    }
    for (uint32_t log = 0; log < kWorldLogs; ++log) {
      WriteFile(out + "/" + Last(city.family()) + "/" +
                    Last(city.logs()[log].origin) + "/chains/" +
                    std::to_string(plan.resident) + "-" +
                    std::to_string(plan.administration),
                records[log]);
    }
  }
  WriteFile(out + "/verdicts.csv", verdicts);

  for (size_t c = 0; c < world.cities(); ++c) {
    const City& city = world.city(c);
    const std::string folder = out + "/" + Last(city.family());
    for (const auto& [where, entries] : outgoing[c].requests) {
      const WorldLog& log = city.logs()[where.first];
      std::string bytes;
      for (size_t i = 0; i < entries.size(); i += kRequestEntriesMax) {
        const std::vector<v1::Entry> some(
            entries.begin() + i,
            entries.begin() + std::min(entries.size(), i + kRequestEntriesMax));
        AppendWithLength(RequestOf(log.origin, where.second,
                                   city.EntrySeed(where.second), some)
                             .SerializeAsString(),
                         &bytes);
      }
      WriteFile(folder + "/" + Last(log.origin) + "/submissions/" +
                    std::to_string(where.second),
                bytes);
    }
    for (const auto& [administration, audit] : outgoing[c].audit) {
      const std::string name =
          folder + "/audit/" + std::to_string(administration);
      WriteFile(name + ".jsonl", outgoing[c].lines[administration]);
      WriteFile(name + ".textproto", audit->Mapping());
    }
  }
}

int Main(int argc, char** argv) {
  WorldOptions options;
  options.residents = 30;
  options.accesses = 1500;
  options.signing = WorldSigning::kEd25519;
  std::string out;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    uint64_t number = 0;
    if (name == "--out" && equals != std::string::npos) {
      out = argument.substr(equals + 1);
      continue;
    }
    if (equals == std::string::npos ||
        !DecimalDecode(argument.substr(equals + 1), &number)) {
      Die("not understood: " + argument);
    }
    if (name == "--seed") {
      options.seed = number;
    } else if (name == "--residents" && number > 0 && number < 100000000) {
      options.residents = static_cast<uint32_t>(number);
    } else if (name == "--accesses") {
      options.accesses = number;
    } else if (name == "--cities" && number > 0 && number < 1000) {
      options.cities = static_cast<uint32_t>(number);
    } else {
      Die("not understood: " + argument);
    }
  }
  if (out.empty()) Die("--out=FOLDER is missing");
  const World world(options);
  Write(world, out);
  std::printf("%s: %zu cities, %u residents, %zu chains, %llu accesses\n",
              out.c_str(), world.cities(), options.residents,
              world.plans().size(),
              static_cast<unsigned long long>(options.accesses));
  return 0;
}

}  // namespace
}  // namespace vidimus

int main(int argc, char** argv) { return vidimus::Main(argc, argv); }
