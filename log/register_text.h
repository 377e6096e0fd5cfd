// Register documents as people write and read them: protobuf text files named
// TYPE.NUMBER.textproto or TYPE.NUMBER.VERSION.textproto (version 0 if it is
// not named), such as provision.3.textproto; without that ending, the signed
// documents. Messages: proto/register.proto.
#ifndef VIDIMUS_LOG_REGISTER_TEXT_H_
#define VIDIMUS_LOG_REGISTER_TEXT_H_

#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "log/documents.h"
#include "verifier/register.h"
#include "verifier/signing.h"

namespace vidimus {

inline constexpr char kRegisterTextEnding[] = ".textproto";

// The document that a file is of, by its name without folder and ending.
// kInvalidArgument.
absl::StatusOr<RegisterId> ParseDocumentName(absl::string_view name);
// "provision.3", or "provision.3.1" from version 1 on.
std::string DocumentName(const RegisterId& id);

// An empty message of this type of document.
std::unique_ptr<google::protobuf::Message> NewRegisterMessage(
    RegisterType type);

// Reads a document's text. kInvalidArgument names line and column.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> ParseDocumentText(
    const RegisterId& id, const std::string& text);

// The document that `publisher` signs for the log named `origin`.
// kInvalidArgument if it is not of the form that the register demands.
absl::StatusOr<std::string> SignDocument(
    const google::protobuf::Message& message, const std::string& origin,
    const RegisterId& id, const Ed25519Signer& publisher);

// A signed document's message as text. kInvalidArgument if it has not that
// form.
absl::StatusOr<std::string> DocumentText(const RegisterId& id,
                                         const std::string& document);

// The SHA-256 of each of these files, modules of the verifier as WASM, as
// config names them. kInvalidArgument for one that is no module or stands
// twice.
absl::StatusOr<std::vector<std::string>> HashWasm(
    const std::vector<std::string>& files);

// The files of a folder that are documents' texts (`texts`) or signed documents
// (else), by name, each once, with their whole content in `bytes`. Files of
// other names are left out if they have no known type before their first dot;
// kInvalidArgument if they have.
absl::StatusOr<std::vector<RegisterDocument>> ReadDocumentFolder(
    const std::string& folder, bool texts);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_REGISTER_TEXT_H_
