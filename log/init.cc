#include "log/init.h"

#include <dirent.h>

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "log/folder.h"
#include "log/register_text.h"
#include "log/token_issuers.h"
#include "proto/administration.h"
#include "proto/certificates.h"
#include "proto/register.pb.h"
#include "proto/status.h"
#include "verifier/checkpoint.h"
#include "verifier/encoding.h"
#include "verifier/note.h"
#include "verifier/register.h"
#include "verifier/signing.h"

namespace vidimus {
namespace {

constexpr int kSecret = 0600;
constexpr int kPublic = 0644;
constexpr int kSecretFolder = 0700;
constexpr int kPublicFolder = 0755;

constexpr int64_t kDay = 24 * 3600;

struct Name {
  const char* sv;
  const char* fi;
  const char* en;
};

// The administrations that a city of the Nordic countries has.
constexpr Name kAdministrations[] = {
    {"Socialförvaltningen", "Sosiaalitoimi", "Social administration"},
    {"Skol- och fritidsförvaltningen", "Kasvatus- ja vapaa-aikatoimi",
     "School and leisure administration"},
    {"Vård- och omsorgsförvaltningen", "Hoiva- ja hoitotoimi",
     "Care and welfare administration"},
    {"Arbetsmarknadsförvaltningen", "Työllisyyspalvelut",
     "Labour market administration"},
    {"Kulturförvaltningen", "Kulttuuritoimi", "Culture administration"},
    {"Miljöförvaltningen", "Ympäristötoimi", "Environment administration"},
    {"Stadsbyggnadsförvaltningen", "Kaupunkisuunnittelu",
     "City building administration"},
    {"Forsknings- och utvecklingsförvaltningen", "Tutkimus- ja kehitystoimi",
     "Research and development"},
};
constexpr uint64_t kAdministrationsMax =
    sizeof(kAdministrations) / sizeof(kAdministrations[0]);

constexpr char kSettings[] = R"(# Settings of a Vidimus log. Read once at start;
# flags of `vidimus log serve` win over what stands here. Each line that is
# commented out shows the default. A field this program does not know is an
# error.

# The log's name, as in its checkpoints. Fixed: a log can't be renamed.
origin: "$ORIGIN"
# ACCESS or OPAQUE. Fixed.
face: $FACE

# Where to listen, host:port. Port 0 takes a free one and prints it. Nothing
# is listened on that is not named here or by a flag.
listeners {
  # http: "127.0.0.1:8080"            # plaintext: public reads; loopback only
  # https: "0.0.0.0:8443"             # reads and /v1/ with client certificates
  # grpc: "0.0.0.0:8444"              # submissions with client certificates
  # grpc_plaintext: "127.0.0.1:8445"  # an opaque log only; loopback only
  # tls_certificate: "tls/server.crt"
  # tls_key: "tls/server.key"
  # tls_client_ca: "tls/ca.crt"
  # connections_max: 4096
  # request_timeout_ms: 10000
  # drain_timeout_ms: 10000
  # page: "page"                      # a folder for browsers, at the root of https
}

batches {
  # batch_period_ms: 100       # access log: how long a batch gathers
  # batch_entries_max: 4096
  # batch_bytes_max: 4194304
  # rest_s: 30                 # access log: sealed anew after so long at rest
}

limits {
  # entry_bytes_max: 65535     # of an opaque entry
  # record_bytes_max: 32768    # of a record and its actor
  # request_bytes_max: 4194304
  # request_entries_max: 4096
  # pool_entries_max: 65536    # what may wait for its batch
  # pool_bytes_max: 134217728
  # chain_entries_max: 1024    # of one answer to who asks for a chain
  # chain_bytes_max: 2097152
  # side_work_max: 256         # how many may wait for proofs, and for chains
}

quota {
  # entries_per_second: 0      # of each administration; 0: no limit
  # pool_percent: 50           # how much of the pool one of them may fill
  # administration_chains_per_second: 20
  # resident_chains_per_second: 5
}

idempotency {
  # days: 7                    # how long an entry id is remembered
  # bytes_max: 1073741824      # memory for that; full: pushback, never less days
}

disk {
  # free_bytes_min: 1073741824 # with less free space, submissions are refused
  # scrub_period_s: 86400      # everything is verified again in this time
  # tile_cache_bytes: 134217728
  # leveldb_cache_bytes: 33554432
  # index_cache_bytes: 268435456
  # index_superseded_s: 600    # how long merged files serve older heads
}

threads {
  # http: 2
  # proofs: 2
  # chains: 2
  # chain_keys: 0              # 0: as many as there are processors
}

chains {
  # cache_bytes: 536870912     # access log: memory for chains, 57 bytes each
  # queue_max: 16384           # new chains that may wait
  # queue_percent: 50          # how many of them may be of one administration
  # new_per_second: 0          # of each administration; 0: no limit
}

# Who cosigns the log's heads, which then stand at cosigned/checkpoint. See
# docs/cosigning.md.
cosigning {
  # policy: "policy"           # a file as docs/policy.md has it; none: nobody
  # period_ms: 1000            # one head is sent to all in this time
  # timeout_ms: 5000           # of each call
  # fresh_s: 60                # a log at rest is cosigned again after this
  # ca: "cosigners.pem"        # whom to believe; none: the system's authorities
}

# Access log: whose tokens (OpenID Connect) say who a resident is. None:
# residents are not served. May be repeated. See docs/residents.md.
# token_issuer {
#   issuer: "https://id.example"
#   audience: "$ORIGIN"
#   jwks: "oidc/jwks.json"     # the issuer's public keys; read when it changes
#   subject_claim: "sub"       # holds the resident's id
#   id_scheme: 1               # of the register's config: how it is spelled
#   clock_skew_s: 60
# }

# Access log: where residents sign in on https, for the page that is served
# there. A token_issuer of this issuer, with this client_id as its audience,
# judges the id token. All addresses are https. See docs/sign_in.md.
# sign_in {
#   issuer: "https://id.example"
#   client_id: "$ORIGIN"
#   authorization_endpoint: "https://id.example/authorize"
#   token_endpoint: "https://id.example/token"
#   client_secret_file: "keys/client.secret"  # one line, 0600; none: PKCE alone
#   redirect_url: "https://log.example:8443/sign-in/callback"
#   scope: "openid"
#   ca: "provider.pem"         # whom to believe; none: the system's authorities
#   identity_service_url: "https://id.example/enrol"  # signs wallets' requests
#   timeout_ms: 5000           # of each call to either
#   per_second: 20             # sign-ins of all browsers together
# }
)";

// What stands below the settings if residents' tokens are our own. Scheme 1 is
// "uuid" in the config that is made here.
constexpr char kTryOutIssuer[] = R"(
# For trying out only: who holds oidc/issuer.key can read every chain. Replace
# it by the identity service that residents use, and destroy that key.
token_issuer {
  issuer: "https://try-out.invalid"
  audience: "$ORIGIN"
  id_scheme: 1
}
)";

absl::Status JudgeEmpty(const std::string& path) {
  DIR* const folder = opendir(path.c_str());
  if (folder == nullptr) return absl::OkStatus();
  bool empty = true;
  while (const dirent* entry = readdir(folder)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") empty = false;
  }
  closedir(folder);
  if (empty) return absl::OkStatus();
  return absl::AlreadyExistsError(absl::StrCat(
      path, " is not empty: a log is made in a folder of its own"));
}

void AddName(const char* language, const char* text,
             google::protobuf::RepeatedPtrField<v1::LocalizedText>* names) {
  v1::LocalizedText* const name = names->Add();
  name->set_language(language);
  name->set_text(text);
}

// The documents that a register opens with, but for config.
struct OpeningText {
  RegisterId id;
  std::unique_ptr<google::protobuf::Message> message;
};

v1::Config MakeConfig(const InitOptions& options,
                      const std::vector<std::string>& wasm_hashes,
                      const Ed25519Signer& label_key,
                      const Ed25519Signer& publisher, int64_t now_s) {
  v1::Config config;
  for (const std::string& hash : wasm_hashes) config.add_wasm_sha256(hash);
  config.set_origin(options.origin);
  config.set_label_key(std::string(label_key.public_key()));
  for (uint32_t type = 0; type < kRegisterTypeCount; ++type) {
    v1::Publisher* const one = config.add_publisher();
    one->set_type(type);
    one->set_public_key(std::string(publisher.public_key()));
    one->set_name("register office");
  }
  v1::IndexParameters* const index = config.mutable_index();
  index->set_unit_leaves(4096);
  index->set_growth(4);
  index->set_multiple_max(3);
  index->set_prompt_leaves_max(16384);
  index->set_lag_divisor(16);
  config.mutable_batch()->set_min_batch(
      static_cast<uint32_t>(options.min_batch));
  config.mutable_batch()->set_period_ms(100);
  v1::TimeLimits* const limits = config.mutable_limits();
  limits->set_notice_s(7 * kDay);
  limits->set_fresh_s(60);
  limits->set_late_s(1800);
  limits->set_skew_s(5);
  limits->set_recovery_s(3 * kDay);
  limits->set_keep_min_s(2 * 365 * kDay);
  limits->set_label_key_until_s(now_s + 10 * 365 * kDay);
  const struct {
    uint32_t scheme;
    const char* form;
    Name name;
  } schemes[] = {
      {1, "uuid", {"UUID", "UUID", "UUID"}},
      {2,
       "fi-hetu",
       {"finländsk personbeteckning", "henkilötunnus",
        "Finnish personal identity code"}},
      {3,
       "se-personnummer",
       {"personnummer", "ruotsalainen henkilötunnus",
        "Swedish personal identity number"}},
  };
  for (const auto& scheme : schemes) {
    v1::IdScheme* const one = config.add_id_scheme();
    one->set_scheme(scheme.scheme);
    one->set_form(scheme.form);
    AddName("sv", scheme.name.sv, one->mutable_name());
    AddName("fi", scheme.name.fi, one->mutable_name());
    AddName("en", scheme.name.en, one->mutable_name());
  }
  return config;
}

std::unique_ptr<v1::Administration> MakeAdministration(uint64_t number) {
  auto administration = std::make_unique<v1::Administration>();
  const Name& name = kAdministrations[number];
  AddName("sv", name.sv, administration->mutable_name());
  AddName("fi", name.fi, administration->mutable_name());
  AddName("en", name.en, administration->mutable_name());
  return administration;
}

std::string KeyFileText(const std::string& key) {
  return HexEncode(key) + "\n";
}

// Certificates for the server and for `administrations` clients, by an
// authority of this log's own.
absl::Status MakeCertificates(const LogFolder& folder, uint64_t administrations,
                              int64_t now_s) {
  const int64_t not_before_s = now_s - kDay;
  const int64_t not_after_s = now_s + 365 * kDay;
  RETURN_IF_ERROR(MakeFolder(folder.Resolve("tls"), kSecretFolder));
  ASSIGN_OR_RETURN(
      const Certificate authority,
      MakeAuthority("Vidimus try-out authority", not_before_s, not_after_s));
  const auto make = [&](const std::string& stem, CertificateOptions options) {
    options.not_before_s = not_before_s;
    options.not_after_s = not_after_s;
    const absl::StatusOr<Certificate> made =
        MakeCertificate(authority, options);
    RETURN_IF_ERROR(made);
    RETURN_IF_ERROR(MakeFile(folder.Resolve(stem + ".crt"),
                             made->certificate_pem, kPublic));
    return MakeFile(folder.Resolve(stem + ".key"), made->private_key_pem,
                    kSecret);
  };
  RETURN_IF_ERROR(MakeFile(folder.Resolve("tls/ca.crt"),
                           authority.certificate_pem, kPublic));
  RETURN_IF_ERROR(MakeFile(folder.Resolve("tls/ca.key"),
                           authority.private_key_pem, kSecret));
  CertificateOptions server;
  server.common_name = "Vidimus log";
  server.is_server = true;
  server.dns_names = {"localhost"};
  server.ip_addresses = {"127.0.0.1", "::1"};
  RETURN_IF_ERROR(make("tls/server", server));
  RETURN_IF_ERROR(MakeFolder(folder.Resolve("administrations"), kSecretFolder));
  for (uint32_t number = 0; number < administrations; ++number) {
    RETURN_IF_ERROR(
        MakeFolder(folder.Resolve(absl::StrCat("administrations/", number)),
                   kSecretFolder));
    CertificateOptions client;
    client.common_name = absl::StrCat("administration ", number);
    client.is_client = true;
    client.uris = {AdministrationUri(number)};
    RETURN_IF_ERROR(
        make(absl::StrCat("administrations/", number, "/client"), client));
  }
  return absl::OkStatus();
}

// Gives an administration what it has not: a certificate's name, a key that
// signs its requests.
absl::Status EquipAdministration(const LogFolder& folder, uint32_t number,
                                 Random* random,
                                 v1::Administration* administration) {
  if (administration->certificate_identity().empty()) {
    administration->add_certificate_identity(AdministrationUri(number));
  }
  if (!administration->entry_key().empty()) return absl::OkStatus();
  const std::string seed = random->Draw(kEd25519SeedBytes);
  administration->add_entry_key(std::string(Ed25519Signer(seed).public_key()));
  return MakeFile(
      folder.Resolve(absl::StrCat("administrations/", number, "/entry.key")),
      KeyFileText(seed), kSecret);
}

// Likewise a key that vouches for residents' keys.
absl::Status EquipIdentityService(const LogFolder& folder, uint32_t number,
                                  Random* random,
                                  v1::IdentityService* service) {
  if (!service->key().empty()) return absl::OkStatus();
  const std::string seed = random->Draw(kEd25519SeedBytes);
  service->add_key(std::string(Ed25519Signer(seed).public_key()));
  const std::string services = folder.Resolve("identity_services");
  const absl::Status made = MakeFolder(services, kSecretFolder);
  if (!absl::IsAlreadyExists(made)) RETURN_IF_ERROR(made);
  const std::string path = absl::StrCat(services, "/", number);
  RETURN_IF_ERROR(MakeFolder(path, kSecretFolder));
  return MakeFile(path + "/service.key", KeyFileText(seed), kSecret);
}

absl::Status MakeAccessFiles(const InitOptions& options,
                             const LogFolder& folder,
                             const std::vector<OpeningText>& opening,
                             const std::vector<std::string>& wasm_hashes,
                             int64_t now_s, Random* random) {
  const std::string label_seed = random->Draw(kEd25519SeedBytes);
  const std::string publisher_seed = random->Draw(kEd25519SeedBytes);
  for (const auto& [name, key] :
       {std::pair<std::string, std::string>("label", label_seed),
        {"publisher", publisher_seed},
        {"vault", random->Draw(kEd25519SeedBytes)}}) {
    RETURN_IF_ERROR(MakeFile(folder.Key(name), KeyFileText(key), kSecret));
  }
  const Ed25519Signer publisher(publisher_seed);
  RETURN_IF_ERROR(MakeFolder(folder.Register(), kPublicFolder));
  ASSIGN_OR_RETURN(
      const std::string config,
      SignDocument(MakeConfig(options, wasm_hashes, Ed25519Signer(label_seed),
                              publisher, now_s),
                   options.origin, {RegisterType::kConfig, 0, 0}, publisher));
  RETURN_IF_ERROR(MakeFile(folder.ConfigDocument(), config, kPublic));
  for (const OpeningText& one : opening) {
    if (one.id.type == RegisterType::kAdministration) {
      RETURN_IF_ERROR(EquipAdministration(
          folder, one.id.number, random,
          static_cast<v1::Administration*>(one.message.get())));
    } else if (one.id.type == RegisterType::kIdentityService) {
      RETURN_IF_ERROR(EquipIdentityService(
          folder, one.id.number, random,
          static_cast<v1::IdentityService*>(one.message.get())));
    }
    ASSIGN_OR_RETURN(
        const std::string document,
        SignDocument(*one.message, options.origin, one.id, publisher));
    RETURN_IF_ERROR(MakeFile(folder.OpeningDocument(one.id.type, one.id.number),
                             document, kPublic));
  }
  return absl::OkStatus();
}

// The texts of the folder, or administrations alone.
absl::StatusOr<std::vector<OpeningText>> ReadOpening(
    const InitOptions& options) {
  std::vector<OpeningText> opening;
  if (options.register_folder.empty()) {
    for (uint32_t number = 0; number < options.administrations; ++number) {
      opening.push_back({{RegisterType::kAdministration, number, 0},
                         MakeAdministration(number)});
    }
    return opening;
  }
  ASSIGN_OR_RETURN(const std::vector<RegisterDocument> texts,
                   ReadDocumentFolder(options.register_folder, true));
  std::map<RegisterType, uint32_t> next;
  for (const RegisterDocument& text : texts) {
    if (text.id.type == RegisterType::kConfig || text.id.version != 0 ||
        text.id.number != next[text.id.type]++) {
      return absl::InvalidArgumentError(absl::StrCat(
          options.register_folder, ": ", RegisterIdText(text.id),
          " can't open a register: there is one version 0 of each number from "
          "0 on, and config is made here"));
    }
    OpeningText one;
    one.id = text.id;
    ASSIGN_OR_RETURN(one.message, ParseDocumentText(text.id, text.bytes));
    opening.push_back(std::move(one));
  }
  return opening;
}

}  // namespace

absl::Status InitLog(const InitOptions& options, Clock* clock, Random* random) {
  if (!ValidOrigin(options.origin) || absl::StrContains(options.origin, "\"")) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--origin \"", options.origin,
        "\" can't name a log: it is a URL without a scheme, such as "
        "log.example/helsinki/2026h2, of at most ",
        kOriginBytesMax, " bytes, without spaces or plus signs"));
  }
  if (!options.opaque && options.register_folder.empty() &&
      (options.administrations == 0 ||
       options.administrations > kAdministrationsMax)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--administrations ", options.administrations, ": 1 to ",
                     kAdministrationsMax, " can be made"));
  }
  std::vector<OpeningText> opening;
  std::vector<std::string> wasm_hashes;
  if (!options.opaque) {
    ASSIGN_OR_RETURN(opening, ReadOpening(options));
    ASSIGN_OR_RETURN(wasm_hashes, HashWasm(options.wasm));
  }
  // An opaque log knows no administrations, but gRPC over TLS wants to see a
  // certificate all the same: one is made.
  uint64_t certificates = options.opaque ? 1 : 0;
  for (const OpeningText& one : opening) {
    if (one.id.type == RegisterType::kAdministration) ++certificates;
  }
  const LogFolder folder{options.dir};
  RETURN_IF_ERROR(JudgeEmpty(folder.path));
  const absl::Status made = MakeFolder(folder.path, kPublicFolder);
  if (!absl::IsAlreadyExists(made)) RETURN_IF_ERROR(made);
  RETURN_IF_ERROR(MakeFolder(folder.Keys(), kSecretFolder));

  const std::string signing_seed = random->Draw(kEd25519SeedBytes);
  RETURN_IF_ERROR(
      MakeFile(folder.Key("signing"), KeyFileText(signing_seed), kSecret));
  RETURN_IF_ERROR(MakeFile(
      folder.Key("id"), KeyFileText(random->Draw(kEd25519SeedBytes)), kSecret));
  const Ed25519NoteSigner signer(options.origin, kKeyTypeEd25519, signing_seed);
  RETURN_IF_ERROR(
      MakeFile(folder.Vkey(), FormatVkey(signer.key()) + "\n", kPublic));
  const bool try_out_issuer = options.try_out_issuer && !options.opaque;
  RETURN_IF_ERROR(
      MakeFile(folder.Settings(),
               absl::StrReplaceAll(
                   absl::StrCat(kSettings, try_out_issuer ? kTryOutIssuer : ""),
                   {{"$ORIGIN", options.origin},
                    {"$FACE", options.opaque ? "OPAQUE" : "ACCESS"}}),
               kPublic));
  if (try_out_issuer) {
    RETURN_IF_ERROR(MakeTryOutIssuer(folder, random->Draw(kEd25519SeedBytes)));
  }
  const int64_t now_s = clock->NowMs() / 1000;
  RETURN_IF_ERROR(MakeCertificates(folder, certificates, now_s));
  if (!options.opaque) {
    RETURN_IF_ERROR(
        MakeAccessFiles(options, folder, opening, wasm_hashes, now_s, random));
  }
  // Last: a folder without it is no log's.
  return MakeFile(folder.Format(), "vidimus-log 1\n", kPublic);
}

}  // namespace vidimus
