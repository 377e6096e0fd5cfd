#include "log/register_text.h"

#include <dirent.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "log/folder.h"
#include "proto/register.pb.h"
#include "proto/status.h"
#include "proto/text.h"
#include "verifier/crypto.h"
#include "verifier/hash.h"

namespace vidimus {
namespace {

absl::Status JudgeMessage(const RegisterId& id, const std::string& message) {
  const char* field = nullptr;
  const Finding finding = JudgeDocumentMessage(id, message, &field);
  if (finding == Finding::kOk) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "register document ", RegisterIdText(id), ": ", FindingSentence(finding),
      field != nullptr ? absl::StrCat(" (", field, ")") : ""));
}

}  // namespace

absl::StatusOr<RegisterId> ParseDocumentName(absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '.');
  RegisterId id;
  const std::optional<RegisterType> type = RegisterTypeFromName(parts[0]);
  const bool alone = parts.size() == 1 && type == RegisterType::kConfig;
  if (!type.has_value() || parts.size() > 3 ||
      (!alone &&
       (parts.size() < 2 || !absl::SimpleAtoi(parts[1], &id.number))) ||
      (parts.size() == 3 && !absl::SimpleAtoi(parts[2], &id.version))) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", name,
        "\" names no register document: TYPE.NUMBER or TYPE.NUMBER.VERSION, "
        "such as provision.3"));
  }
  id.type = *type;
  return id;
}

std::string DocumentName(const RegisterId& id) {
  std::string name = absl::StrCat(RegisterTypeName(id.type), ".", id.number);
  if (id.version > 0) absl::StrAppend(&name, ".", id.version);
  return name;
}

std::unique_ptr<google::protobuf::Message> NewRegisterMessage(
    RegisterType type) {
  switch (type) {
    case RegisterType::kConfig:
      return std::make_unique<v1::Config>();
    case RegisterType::kAdministration:
      return std::make_unique<v1::Administration>();
    case RegisterType::kProvision:
      return std::make_unique<v1::Provision>();
    case RegisterType::kPurpose:
      return std::make_unique<v1::Purpose>();
    case RegisterType::kCategory:
      return std::make_unique<v1::Category>();
    case RegisterType::kAiSystem:
      return std::make_unique<v1::AiSystem>();
    case RegisterType::kAnalysis:
      return std::make_unique<v1::Analysis>();
    case RegisterType::kCount:
      return std::make_unique<v1::Count>();
    case RegisterType::kIdentityService:
      break;
  }
  return std::make_unique<v1::IdentityService>();
}

absl::StatusOr<std::unique_ptr<google::protobuf::Message>> ParseDocumentText(
    const RegisterId& id, const std::string& text) {
  std::unique_ptr<google::protobuf::Message> message =
      NewRegisterMessage(id.type);
  RETURN_IF_ERROR(Annotate(ParseText(text, message.get()), RegisterIdText(id)));
  return message;
}

absl::StatusOr<std::string> SignDocument(
    const google::protobuf::Message& message, const std::string& origin,
    const RegisterId& id, const Ed25519Signer& publisher) {
  const std::string bytes = message.SerializeAsString();
  RETURN_IF_ERROR(JudgeMessage(id, bytes));
  return publisher.Sign(RegisterSignedBytes(origin, id, bytes)) + bytes;
}

absl::StatusOr<std::string> DocumentText(const RegisterId& id,
                                         const std::string& document) {
  Document parts;
  if (SplitDocument(document, &parts) != Finding::kOk) {
    return absl::InvalidArgumentError(
        absl::StrCat(RegisterIdText(id), ": too short for a document"));
  }
  const std::string bytes(parts.message);
  RETURN_IF_ERROR(JudgeMessage(id, bytes));
  const std::unique_ptr<google::protobuf::Message> message =
      NewRegisterMessage(id.type);
  google::protobuf::TextFormat::Printer printer;
  printer.SetUseUtf8StringEscaping(true);
  std::string text;
  if (!message->ParseFromString(bytes) ||
      !printer.PrintToString(*message, &text)) {
    return absl::InvalidArgumentError(
        absl::StrCat(RegisterIdText(id), ": no message of its type"));
  }
  return text;
}

absl::StatusOr<std::vector<std::string>> HashWasm(
    const std::vector<std::string>& files) {
  // Magic and version of a module.
  constexpr absl::string_view kBegin("\0asm\1\0\0\0", 8);
  std::vector<std::string> hashes;
  for (const std::string& file : files) {
    ASSIGN_OR_RETURN(const std::string module, ReadFile(file));
    if (!absl::StartsWith(module, kBegin)) {
      return absl::InvalidArgumentError(
          absl::StrCat(file, " is no WebAssembly module"));
    }
    const Hash hash = Sha256(module);
    std::string bytes(Bytes(hash));
    if (std::find(hashes.begin(), hashes.end(), bytes) != hashes.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat(file, " is the same module as one before it"));
    }
    hashes.push_back(std::move(bytes));
  }
  return hashes;
}

absl::StatusOr<std::vector<RegisterDocument>> ReadDocumentFolder(
    const std::string& folder, bool texts) {
  DIR* const opened = opendir(folder.c_str());
  if (opened == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("the folder ", folder, " can't be opened"));
  }
  std::vector<std::string> names;
  while (const dirent* entry = readdir(opened)) names.push_back(entry->d_name);
  closedir(opened);
  std::vector<RegisterDocument> documents;
  for (const std::string& name : names) {
    absl::string_view stem = name;
    if (absl::ConsumeSuffix(&stem, kRegisterTextEnding) != texts) continue;
    const absl::string_view type = stem.substr(0, stem.find('.'));
    if (!RegisterTypeFromName(type).has_value()) continue;
    RegisterDocument document;
    ASSIGN_OR_RETURN(document.id, ParseDocumentName(stem));
    ASSIGN_OR_RETURN(document.bytes, ReadFile(absl::StrCat(folder, "/", name)));
    documents.push_back(std::move(document));
  }
  const auto order = [](const RegisterDocument& document) {
    return std::make_tuple(document.id.type, document.id.number,
                           document.id.version);
  };
  std::sort(documents.begin(), documents.end(),
            [&](const RegisterDocument& a, const RegisterDocument& b) {
              return order(a) < order(b);
            });
  for (size_t i = 1; i < documents.size(); ++i) {
    if (order(documents[i - 1]) == order(documents[i])) {
      return absl::InvalidArgumentError(absl::StrCat(
          folder, ": two files are of ", RegisterIdText(documents[i].id)));
    }
  }
  return documents;
}

}  // namespace vidimus
