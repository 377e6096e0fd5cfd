// A log's folder: what lies where, and what a start reads from it.
//
//   format               the layout's version: "vidimus-log 1"
//   log.vkey             the log's public key, for everybody who checks it
//   settings.textproto   what the operator may tune (proto/settings.proto)
//   keys/                secrets, 64 hex digits each, mode 0600:
//     signing.key        signs checkpoints
//     id.key             keys the table of remembered entry ids
//     vault.key          wraps the page keys of the vault       (access log)
//     label.key          makes the chains' labels               (access log)
//     publisher.key      signs register documents               (access log)
//   register/            the documents the log opens with       (access log)
//   data/                the database
//   ids/                 remembered ids, derived from data/
//   vault/               wrapped page keys                      (access log)
//   index/               sorted runs, derived from data/        (access log)
//   chains               masked keys of chains, derived         (access log)
//   cosigned.0, .1       the newest cosigned head, in turns      (on wish)
//   signing.lock         the largest head that may have been signed
//   signing.lock.erasures  keys that must stay destroyed      (access log)
//   operator.sock        the operator's door, while a server runs
//   tls/                 the server's certificate and key, the CA of clients
//   administrations/     certificates and entry keys for trying out
//   oidc/                public keys of who signs residents' tokens, and for
//                        trying out the private one     (access log, on wish)
//
// What each file lets a thief do: docs/threat_model.md.
#ifndef VIDIMUS_LOG_FOLDER_H_
#define VIDIMUS_LOG_FOLDER_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/documents.h"
#include "proto/settings.pb.h"

namespace vidimus {

// Paths under a log's folder. `path` as the operator gave it.
struct LogFolder {
  std::string path;

  std::string Format() const { return path + "/format"; }
  std::string Vkey() const { return path + "/log.vkey"; }
  std::string Settings() const { return path + "/settings.textproto"; }
  std::string Keys() const { return path + "/keys"; }
  std::string Key(const std::string& name) const {
    return path + "/keys/" + name + ".key";
  }
  std::string Register() const { return path + "/register"; }
  std::string ConfigDocument() const { return path + "/register/config"; }
  // Version 0 of a document that the log opens with, but of config.
  std::string OpeningDocument(RegisterType type, uint32_t number) const {
    return path + "/register/" + RegisterTypeName(type) + "." +
           std::to_string(number);
  }
  std::string Data() const { return path + "/data"; }
  std::string Ids() const { return path + "/ids"; }
  std::string Vault() const { return path + "/vault"; }
  std::string Index() const { return path + "/index"; }
  std::string Chains() const { return path + "/chains"; }
  // The newest cosigned head, in two files that begin so.
  std::string Cosigned() const { return path + "/cosigned"; }
  std::string Lock() const { return path + "/signing.lock"; }
  // In the folder itself.
  static constexpr char kOperatorSocket[] = "operator.sock";
  // `file` as settings name it: relative to the folder, or absolute.
  std::string Resolve(const std::string& file) const {
    return !file.empty() && file[0] == '/' ? file : path + "/" + file;
  }
};

// What `init` made and `serve` starts from. Secrets are raw bytes.
struct FolderContent {
  v1::Settings settings;
  std::string signing_seed;
  std::string id_key;
  std::string vault_key;                            // access log
  std::string label_seed;                           // access log
  std::optional<OpeningRegister> opening_register;  // access log
};

// Reads and judges a folder. kNotFound if it is none (the message names
// `init`), kFailedPrecondition for a format this program does not know, a key
// file that others than its owner may read, or a signing key that is not that
// of log.vkey; kInvalidArgument for settings that can't be understood, with
// their line, or that name another log or face than the folder's.
absl::StatusOr<FolderContent> ReadFolder(const LogFolder& folder);

// A whole file. kNotFound, kPermissionDenied.
absl::StatusOr<std::string> ReadFile(const std::string& path);
// A whole file that its owner alone may read, which is judged before a byte of
// it is read; `what` it is, for messages ("key file"). kNotFound,
// kPermissionDenied, kFailedPrecondition (others may).
absl::StatusOr<std::string> ReadSecretFile(const char* what,
                                           const std::string& path);
// A secret of 32 bytes: 64 hexadecimal digits in such a file. kInvalidArgument
// besides.
absl::StatusOr<std::string> ReadKeyFile(const std::string& path);
// Makes a file that must not exist yet, with `mode`, durable on return.
absl::Status MakeFile(const std::string& path, const std::string& bytes,
                      int mode);
absl::Status MakeFolder(const std::string& path, int mode);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_FOLDER_H_
