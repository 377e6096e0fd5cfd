#include "log/register_verb.h"

#include <stdio.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "log/flags.h"
#include "log/folder.h"
#include "log/operator.pb.h"
#include "log/operator_socket.h"
#include "log/register_text.h"
#include "proto/register.pb.h"
#include "proto/status.h"
#include "verifier/register.h"
#include "verifier/signing.h"

namespace vidimus {
namespace {

using vault::OperatorAnswer;
using vault::OperatorRequest;

constexpr char kHelp[] =
    R"(vidimus log register VERB [flags] [ARGUMENTS]: the public register.

  sign FILE...           signs documents' texts (TYPE.NUMBER.textproto)
  put FILE...            enters signed documents (TYPE.NUMBER) into a running log
  wasm FILE...           signs the next config, with the hashes of these modules:
                         the verifier that residents are served
  list                   tells what stands there
  show TYPE NUMBER [V]   prints a document as text, the newest version by default
  prove TYPE NUMBER      writes a file that shows which version is the newest, or
                         that there is none: `vidimus verify` judges it

Types: config administration provision purpose category ai_system analysis count
identity_service. A version beyond 0 is named too: provision.3.1.textproto.
`vidimus log register VERB --help` tells the flags.
)";

struct Words {
  std::string dir, key, origin, out;
  bool dry_run = false;
  std::vector<std::string> rest;  // what is no flag
};

std::string Date(uint64_t posix_s) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ",
                          absl::FromUnixSeconds(static_cast<int64_t>(posix_s)),
                          absl::UTCTimeZone());
}

absl::string_view BaseName(absl::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

absl::StatusOr<OperatorAnswer> Ask(const Words& words,
                                   const OperatorRequest& request) {
  if (words.dir.empty()) {
    return absl::InvalidArgumentError("register needs --dir; see --help");
  }
  return AskOperatorSocket(words.dir, LogFolder::kOperatorSocket, request);
}

absl::StatusOr<RegisterId> IdOf(const vault::RegisterDocument& document) {
  if (document.type() >= kRegisterTypeCount) {
    return absl::InternalError("the log answered with a type nobody knows");
  }
  return RegisterId{static_cast<RegisterType>(document.type()),
                    document.number(), document.version()};
}

// What a document is called: its first name or term.
std::string NameOf(const RegisterId& id, const std::string& document) {
  Document parts;
  if (SplitDocument(document, &parts) != Finding::kOk) return "";
  const auto english = [](const std::vector<LocalizedText>& texts) {
    if (texts.empty()) return std::string();
    for (const LocalizedText& text : texts) {
      if (text.language == "en") return std::string(text.text);
    }
    return std::string(texts[0].text);
  };
  switch (id.type) {
    case RegisterType::kConfig: {
      Config config;
      (void)ParseConfig(parts.message, id.version, &config, nullptr);
      return std::string(config.origin);
    }
    case RegisterType::kAdministration: {
      Administration administration;
      (void)ParseAdministration(parts.message, &administration, nullptr);
      return english(administration.names);
    }
    case RegisterType::kProvision: {
      Provision provision;
      (void)ParseProvision(parts.message, &provision, nullptr);
      return absl::StrCat(std::string(provision.citation),
                          provision.unverified ? " (unverified)" : "");
    }
    case RegisterType::kPurpose: {
      Purpose purpose;
      (void)ParsePurpose(parts.message, &purpose, nullptr);
      return std::string(purpose.term);
    }
    case RegisterType::kCategory: {
      Category category;
      (void)ParseCategory(parts.message, &category, nullptr);
      return std::string(category.term);
    }
    case RegisterType::kAiSystem: {
      AiSystem system;
      (void)ParseAiSystem(parts.message, &system, nullptr);
      return std::string(system.id);
    }
    case RegisterType::kAnalysis: {
      Analysis analysis;
      (void)ParseAnalysis(parts.message, &analysis, nullptr);
      return std::string(analysis.run_id);
    }
    case RegisterType::kCount: {
      Count count;
      (void)ParseCount(parts.message, &count, nullptr);
      return std::string(count.source_system);
    }
    case RegisterType::kIdentityService:
      break;
  }
  IdentityService service;
  (void)ParseIdentityService(parts.message, &service, nullptr);
  return english(service.names);
}

absl::Status Sign(const Words& words) {
  std::string key = words.key, origin = words.origin;
  if (!words.dir.empty()) {
    const LogFolder folder{words.dir};
    if (key.empty()) key = folder.Key("publisher");
    if (origin.empty()) {
      ASSIGN_OR_RETURN(const FolderContent content, ReadFolder(folder));
      origin = content.settings.origin();
    }
  }
  if (key.empty() || origin.empty()) {
    return absl::InvalidArgumentError(
        "sign needs --dir, or --key and --origin; see --help");
  }
  if (words.rest.empty()) {
    return absl::InvalidArgumentError("sign needs files; see --help");
  }
  ASSIGN_OR_RETURN(const std::string seed, ReadKeyFile(key));
  const Ed25519Signer publisher(seed);
  for (const std::string& file : words.rest) {
    absl::string_view stem = BaseName(file);
    if (!absl::ConsumeSuffix(&stem, kRegisterTextEnding)) {
      return absl::InvalidArgumentError(absl::StrCat(
          file, ": a document's text is named TYPE.NUMBER.textproto"));
    }
    ASSIGN_OR_RETURN(const RegisterId id, ParseDocumentName(stem));
    ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
    ASSIGN_OR_RETURN(const auto message, ParseDocumentText(id, text));
    ASSIGN_OR_RETURN(const std::string document,
                     SignDocument(*message, origin, id, publisher));
    const std::string out = absl::StrCat(words.out.empty() ? "." : words.out,
                                         "/", DocumentName(id));
    RETURN_IF_ERROR(MakeFile(out, document, 0644));
    printf("signed %s: %s\n", RegisterIdText(id).c_str(), out.c_str());
  }
  return absl::OkStatus();
}

absl::Status Put(const Words& words) {
  if (words.rest.empty()) {
    return absl::InvalidArgumentError("put needs files; see --help");
  }
  OperatorRequest request;
  request.set_verb(OperatorRequest::REGISTER_PUT);
  request.set_dry_run(words.dry_run);
  for (const std::string& file : words.rest) {
    ASSIGN_OR_RETURN(const RegisterId id, ParseDocumentName(BaseName(file)));
    vault::RegisterDocument* const one = request.add_documents();
    one->set_type(static_cast<uint32_t>(id.type));
    one->set_number(id.number);
    one->set_version(id.version);
    ASSIGN_OR_RETURN(*one->mutable_document(), ReadFile(file));
  }
  ASSIGN_OR_RETURN(const OperatorAnswer answer, Ask(words, request));
  for (const vault::RegisterDocument& document : answer.documents()) {
    ASSIGN_OR_RETURN(const RegisterId id, IdOf(document));
    if (words.dry_run) {
      printf("%s would be entered\n", RegisterIdText(id).c_str());
      continue;
    }
    printf("%s %s leaf %llu%s\n", RegisterIdText(id).c_str(),
           document.entered() ? "entered as" : "stands already as",
           static_cast<unsigned long long>(document.leaf_index()),
           document.counts_from_s() > 0
               ? absl::StrCat(", counts from ", Date(document.counts_from_s()))
                     .c_str()
               : "");
  }
  return absl::OkStatus();
}

absl::StatusOr<OperatorAnswer> ListAll(const Words& words) {
  OperatorRequest request;
  request.set_verb(OperatorRequest::REGISTER_LIST);
  return Ask(words, request);
}

// A later config says nothing but what it adds: the modules of now.
absl::Status Wasm(const Words& words) {
  if (words.rest.empty()) {
    return absl::InvalidArgumentError("wasm needs files; see --help");
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> hashes, HashWasm(words.rest));
  ASSIGN_OR_RETURN(const OperatorAnswer answer, ListAll(words));
  RegisterId id{RegisterType::kConfig, 0, 0};
  std::vector<std::string> stand;
  for (const vault::RegisterDocument& document : answer.documents()) {
    ASSIGN_OR_RETURN(const RegisterId one, IdOf(document));
    if (one.type != RegisterType::kConfig || !document.newest()) continue;
    id.version = one.version + 1;
    Document parts;
    Config config;
    if (SplitDocument(document.document(), &parts) != Finding::kOk ||
        ParseConfig(parts.message, one.version, &config, nullptr) !=
            Finding::kOk) {
      return absl::InternalError("the log's newest config can't be read");
    }
    for (const auto& hash : config.wasm_sha256) stand.emplace_back(hash);
  }
  if (id.version == 0) return absl::InternalError("the log has no config");
  if (stand == hashes) {
    printf("config version %llu names these modules already\n",
           static_cast<unsigned long long>(id.version - 1));
    return absl::OkStatus();
  }
  v1::Config config;
  for (const std::string& hash : hashes) config.add_wasm_sha256(hash);
  const LogFolder folder{words.dir};
  ASSIGN_OR_RETURN(
      const std::string seed,
      ReadKeyFile(words.key.empty() ? folder.Key("publisher") : words.key));
  ASSIGN_OR_RETURN(const FolderContent content, ReadFolder(folder));
  ASSIGN_OR_RETURN(
      const std::string document,
      SignDocument(config, content.settings.origin(), id, Ed25519Signer(seed)));
  const std::string out =
      absl::StrCat(words.out.empty() ? "." : words.out, "/", DocumentName(id));
  RETURN_IF_ERROR(MakeFile(out, document, 0644));
  printf("signed %s: %s\n", RegisterIdText(id).c_str(), out.c_str());
  return absl::OkStatus();
}

absl::Status List(const Words& words) {
  ASSIGN_OR_RETURN(const OperatorAnswer answer, ListAll(words));
  for (const vault::RegisterDocument& document : answer.documents()) {
    ASSIGN_OR_RETURN(const RegisterId id, IdOf(document));
    const std::string state =
        !document.newest() ? "superseded"
        : document.counts_from_s() > 0
            ? absl::StrCat("counts from ", Date(document.counts_from_s()))
            : "newest";
    printf("%s\n",
           absl::StrFormat("%-16s %4d  version %d  %-34s %s",
                           RegisterTypeName(id.type), id.number, id.version,
                           state, NameOf(id, document.document()))
               .c_str());
  }
  return absl::OkStatus();
}

absl::StatusOr<OperatorRequest> AboutOne(const Words& words, size_t most) {
  OperatorRequest request;
  vault::RegisterDocument* const one = request.add_documents();
  std::optional<RegisterType> type;
  if (!words.rest.empty()) type = RegisterTypeFromName(words.rest[0]);
  uint32_t number = 0;
  uint64_t version = 0;
  if (!type.has_value() || words.rest.size() < 2 || words.rest.size() > most ||
      !absl::SimpleAtoi(words.rest[1], &number) ||
      (words.rest.size() > 2 && !absl::SimpleAtoi(words.rest[2], &version))) {
    return absl::InvalidArgumentError(
        "say which: a type and a number, such as provision 3; see --help");
  }
  one->set_type(static_cast<uint32_t>(*type));
  one->set_number(number);
  if (words.rest.size() > 2) one->set_version(version);
  return request;
}

absl::Status Show(const Words& words) {
  ASSIGN_OR_RETURN(OperatorRequest request, AboutOne(words, 3));
  request.set_verb(OperatorRequest::REGISTER_SHOW);
  ASSIGN_OR_RETURN(const OperatorAnswer answer, Ask(words, request));
  if (answer.documents_size() != 1) {
    return absl::InternalError("the log answered with no document");
  }
  const vault::RegisterDocument& document = answer.documents(0);
  ASSIGN_OR_RETURN(const RegisterId id, IdOf(document));
  ASSIGN_OR_RETURN(const std::string text,
                   DocumentText(id, document.document()));
  printf("# %s, leaf %llu, sealed %s\n%s", RegisterIdText(id).c_str(),
         static_cast<unsigned long long>(document.leaf_index()),
         Date(document.seal_time_s()).c_str(), text.c_str());
  return absl::OkStatus();
}

absl::Status Prove(const Words& words) {
  ASSIGN_OR_RETURN(OperatorRequest request, AboutOne(words, 2));
  if (words.out.empty()) {
    return absl::InvalidArgumentError("prove needs --out FILE; see --help");
  }
  request.set_verb(OperatorRequest::REGISTER_PROVE);
  ASSIGN_OR_RETURN(const OperatorAnswer answer, Ask(words, request));
  RETURN_IF_ERROR(MakeFile(words.out, answer.register_proof(), 0644));
  printf("made %s (%zu bytes): vidimus verify --vkey %s %s\n",
         words.out.c_str(), answer.register_proof().size(),
         LogFolder{words.dir}.Vkey().c_str(), words.out.c_str());
  return absl::OkStatus();
}

// Flags stand anywhere; what is none of them is an argument.
absl::Status ParseWords(const std::vector<std::string>& given,
                        const Flags& flags, Words* words) {
  std::vector<std::string> of_flags;
  for (size_t i = 0; i < given.size(); ++i) {
    if (given[i].compare(0, 2, "--") != 0) {
      words->rest.push_back(given[i]);
      continue;
    }
    of_flags.push_back(given[i]);
    const bool alone =
        given[i] == "--dry_run" || given[i].find('=') != std::string::npos;
    if (!alone && i + 1 < given.size()) of_flags.push_back(given[++i]);
  }
  return flags.Parse(of_flags);
}

}  // namespace

int RegisterVerb(const std::vector<std::string>& words) {
  static constexpr struct {
    const char* word;
    absl::Status (*run)(const Words&);
  } kVerbs[] = {{"sign", Sign}, {"wasm", Wasm}, {"put", Put},
                {"list", List}, {"show", Show}, {"prove", Prove}};
  if (words.empty() || words[0] == "--help" || words[0] == "help") {
    fprintf(words.empty() ? stderr : stdout, "%s", kHelp);
    return words.empty() ? 2 : 0;
  }
  const auto* const verb =
      std::find_if(std::begin(kVerbs), std::end(kVerbs),
                   [&](const auto& one) { return words[0] == one.word; });
  if (verb == std::end(kVerbs)) {
    fprintf(stderr, "vidimus-log: no verb \"register %s\"\n%s",
            words[0].c_str(), kHelp);
    return 2;
  }
  Words given;
  Flags flags;
  const bool signs = verb->run == Sign;
  flags.Add("dir", "D",
            signs ? "The log's folder: its origin and its publisher's key."
                  : "The log's folder; a server must be running on it.",
            &given.dir);
  const bool makes = signs || verb->run == Wasm;
  if (makes) {
    flags.Add("key", "FILE",
              "The publisher's key, 64 hexadecimal digits, mode 0600, if not "
              "D/keys/publisher.key.",
              &given.key);
    flags.Add("out", "DIR", "Where the documents go; default: here.",
              &given.out);
  }
  if (signs) {
    flags.Add("origin", "ORIGIN", "The log's name, if there is no --dir.",
              &given.origin);
  } else if (verb->run == Prove) {
    flags.Add("out", "FILE", "Where the proof goes.", &given.out);
  } else if (verb->run == Put) {
    flags.Add("dry_run", "Judges the documents, and enters none.",
              &given.dry_run);
  }
  if (std::find(words.begin(), words.end(), "--help") != words.end()) {
    printf(
        "%s\n%s\nExit: 0 done, 1 refused or failed (the message says why), "
        "2 wrong flags.\n",
        kHelp, flags.Describe().c_str());
    return 0;
  }
  absl::Status status =
      ParseWords({words.begin() + 1, words.end()}, flags, &given);
  if (status.ok()) status = verb->run(given);
  if (status.ok()) return 0;
  fprintf(stderr, "vidimus-log: %s\n", std::string(status.message()).c_str());
  return absl::IsInvalidArgument(status) ? 2 : 1;
}

}  // namespace vidimus
