// Every function of the C interface on good and bad bytes, natively: prints
// the calls with their answers, for other languages to get the same.
//
//   calls CORPUS...      folders of verifier/, whose names say what is in them
//
// One JSON object: `calls`, each with `name`, `inputs` (hex, or a number) and
// `answer`; or, where an input was cut at each byte, `cut` (which one) and
// `sha256` over all answers one after another, the shortest input first.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/api/city.h"
#include "verifier/c_api.h"
#include "verifier/check.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/hash.h"
#include "verifier/json_writer.h"

namespace vidimus {
namespace {

// The key of small_log.h, which made the corpora.
constexpr char kKey[] =
    "log.example/small/2026h1+09e63155+Aa1MYldEzFK/lzC/"
    "PqSQFVLSkXRHKaU1QAWz5nDdKPQU";

using Inputs = std::vector<std::string>;

std::string Take(char* answer) {
  CHECK(answer != nullptr);
  std::string text = answer;
  vidimus_free(answer);
  return text;
}

#define BYTES(i) in[i].data(), in[i].size()

std::string Call(const std::string& name, const Inputs& in,
                 uint32_t administration) {
  if (name == "vidimus_open_head") {
    return Take(vidimus_open_head(BYTES(0), BYTES(1), BYTES(2)));
  }
  if (name == "vidimus_consistency_tiles") {
    return Take(vidimus_consistency_tiles(BYTES(0), BYTES(1), BYTES(2)));
  }
  if (name == "vidimus_judge_consistency") {
    return Take(
        vidimus_judge_consistency(BYTES(0), BYTES(1), BYTES(2), BYTES(3)));
  }
  if (name == "vidimus_judge_chains") {
    return Take(vidimus_judge_chains(BYTES(0), BYTES(1), BYTES(2), BYTES(3)));
  }
  if (name == "vidimus_es256_checks") {
    return Take(vidimus_es256_checks(BYTES(0)));
  }
  if (name == "vidimus_read_proofs") {
    return Take(vidimus_read_proofs(BYTES(0), BYTES(1)));
  }
  if (name == "vidimus_chain_labels") {
    return Take(vidimus_chain_labels(BYTES(0), BYTES(1)));
  }
  if (name == "vidimus_register_keys") {
    return Take(vidimus_register_keys(BYTES(0)));
  }
  if (name == "vidimus_judge_entry") {
    return Take(vidimus_judge_entry(BYTES(0), BYTES(1)));
  }
  if (name == "vidimus_judge_register_proof") {
    return Take(vidimus_judge_register_proof(BYTES(0), BYTES(1)));
  }
  if (name == "vidimus_judge_conviction") {
    return Take(vidimus_judge_conviction(BYTES(0), BYTES(1)));
  }
  if (name == "vidimus_judge_inclusion") {
    return Take(vidimus_judge_inclusion(BYTES(0), BYTES(1), BYTES(2)));
  }
  if (name == "vidimus_statement_to_sign") {
    return Take(vidimus_statement_to_sign(BYTES(0), BYTES(1), administration,
                                          BYTES(2)));
  }
  if (name == "vidimus_judge_statement") {
    return Take(
        vidimus_judge_statement(BYTES(0), BYTES(1), BYTES(2), BYTES(3)));
  }
  if (name == "vidimus_decode") {
    return Take(vidimus_decode(BYTES(0), BYTES(1)));
  }
  if (name == "vidimus_encode") {
    return Take(vidimus_encode(BYTES(0), BYTES(1)));
  }
  CHECK_EQ(name, "vidimus_words");
  return Take(vidimus_words());
}

class Writer {
 public:
  Writer() {
    json_.BeginObject();
    json_.Name("calls");
    json_.BeginList();
  }

  void Add(const std::string& name, const Inputs& inputs) {
    Begin(name, inputs);
    json_.Text("answer", Call(name, inputs, 0));
    json_.EndObject();
  }

  void AddCut(const std::string& name, Inputs inputs, size_t cut) {
    Begin(name, inputs);
    json_.Number("cut", cut);
    Sha256Stream stream;
    const std::string whole = inputs[cut];
    for (size_t size = 0; size < whole.size(); ++size) {
      inputs[cut] = whole.substr(0, size);
      stream.Update(Call(name, inputs, 0));
    }
    json_.Hex("sha256", Bytes(stream.Finish()));
    json_.EndObject();
  }

  void Print() {
    json_.EndList();
    json_.EndObject();
    std::fwrite(json_.text().data(), 1, json_.text().size(), stdout);
  }

 private:
  void Begin(const std::string& name, const Inputs& inputs) {
    json_.BeginObject();
    json_.Text("name", name);
    json_.Name("inputs");
    json_.BeginList();
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (name == "vidimus_statement_to_sign" && i == 2) json_.Number(0);
      json_.Hex(inputs[i]);
    }
    json_.EndList();
  }

  JsonWriter json_;
};

// Answers to the checks of a bundle whose keys and signatures are good.
std::string Settled(const std::string& answer) {
  const std::string id = "{\"id\":\"";
  std::string settled;
  for (size_t at = answer.find(id); at != std::string::npos;
       at = answer.find(id, at + 1)) {
    std::string bytes;
    CHECK(HexDecode(answer.substr(at + id.size(), 2 * kHashBytes), &bytes));
    settled += bytes + '\x01';
  }
  return settled;
}

void AddCity(Writer* writer) {
  const City city = MakeCity(2, 1);
  const std::string& key = city.log_key;
  writer->Add("vidimus_words", {});
  writer->Add("vidimus_open_head", {key, city.policy, city.newer});
  writer->AddCut("vidimus_open_head", {key, city.policy, city.newer}, 2);
  writer->AddCut("vidimus_open_head", {key, city.policy, city.newer}, 1);
  writer->AddCut("vidimus_open_head", {key, city.policy, city.newer}, 0);
  writer->Add("vidimus_consistency_tiles", {key, city.older, city.newer});
  const Inputs consistency = {key, city.older, city.newer, city.tiles};
  writer->Add("vidimus_judge_consistency", consistency);
  writer->AddCut("vidimus_judge_consistency", consistency, 3);
  writer->Add("vidimus_judge_consistency", {key, city.newer, city.older, ""});
  writer->Add("vidimus_es256_checks", {city.bundle});
  const std::string settled =
      Settled(Call("vidimus_es256_checks", {city.bundle}, 0));
  CHECK_EQ(settled.size(), size_t{66});
  const Inputs chains = {key, city.policy, city.bundle, settled};
  writer->Add("vidimus_judge_chains", chains);
  writer->AddCut("vidimus_judge_chains", chains, 2);
  writer->AddCut("vidimus_judge_chains", chains, 3);
  writer->Add("vidimus_judge_chains", {key, "", city.lone, ""});
  writer->Add("vidimus_judge_chains", {key, city.policy, city.unread, settled});
  for (size_t i = 0; i < city.bundle.size(); i += 499) {
    std::string bytes = city.bundle;
    bytes[i] ^= 0x10;
    writer->Add("vidimus_judge_chains", {key, city.policy, bytes, settled});
  }
  writer->Add("vidimus_read_proofs", {key, city.bundle});
  writer->Add("vidimus_chain_labels",
              {std::string(32, 'k'), std::string(16, '\0')});
  writer->Add("vidimus_register_keys", {std::string(26, '\0')});
  writer->Add("vidimus_statement_to_sign",
              {city.origin, city.subject, city.statement});
  writer->AddCut("vidimus_statement_to_sign",
                 {city.origin, city.subject, city.statement}, 2);
  writer->Add("vidimus_judge_statement",
              {city.origin, city.record, city.public_key, ""});
  writer->Add("vidimus_judge_statement",
              {city.origin, city.record, city.public_key, settled});
  writer->Add("vidimus_decode", {"Statement", city.statement});
  writer->Add("vidimus_decode", {"ChainBundle", city.bundle});
  writer->Add("vidimus_encode",
              {"Statement",
               "{\"sequence\":\"9007199254740993\",\"language\":\"sv\","
               "\"withdrawal\":{\"everything\":true}}"});
  writer->Add("vidimus_encode", {"Statement", "{\"language\":7}"});
}

void AddCorpus(const std::filesystem::path& folder, Writer* writer) {
  std::vector<std::filesystem::path> files;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    files.push_back(file.path());
  }
  std::sort(files.begin(), files.end());
  const std::string name = folder.filename().string();
  for (const auto& path : files) {
    std::ifstream stream(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    if (name == "chain_corpus") {
      writer->Add("vidimus_judge_chains", {kKey, "", bytes, ""});
      writer->Add("vidimus_read_proofs", {kKey, bytes});
    } else if (name == "conviction_corpus") {
      writer->Add("vidimus_judge_conviction", {kKey, bytes});
      writer->Add("vidimus_judge_entry", {kKey, bytes});
    } else if (name == "register_proof_corpus") {
      writer->Add("vidimus_judge_register_proof", {kKey, bytes});
    } else if (name == "checkpoint_corpus") {
      writer->Add("vidimus_open_head", {kKey, "", bytes});
    } else if (name == "tlog_proof_corpus") {
      writer->Add("vidimus_judge_inclusion", {kKey, "entry", bytes});
    } else {
      CHECK_EQ(name, "record_corpus");
      writer->Add("vidimus_decode", {"Record", bytes});
      writer->Add("vidimus_decode", {"Actor", bytes});
    }
  }
}

}  // namespace
}  // namespace vidimus

int main(int argc, char** argv) {
  vidimus::Writer writer;
  vidimus::AddCity(&writer);
  for (int i = 1; i < argc; ++i) vidimus::AddCorpus(argv[i], &writer);
  writer.Print();
}
