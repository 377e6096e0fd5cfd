#include "tests/api/city.h"

#include <functional>

#include "proto/bundle.pb.h"
#include "proto/chain.pb.h"
#include "proto/record.pb.h"
#include "proto/register.pb.h"
#include "proto/test_key.h"
#include "verifier/check.h"
#include "verifier/checkpoint.h"
#include "verifier/merkle.h"
#include "verifier/note.h"
#include "verifier/register.h"
#include "verifier/signing.h"
#include "verifier/small_log.h"
#include "verifier/statement.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

constexpr uint64_t kStart = 1800000000;  // of the small log's first seal
constexpr uint64_t kDay = 86400;
constexpr char kPurpose[] = "ServiceProvision";
constexpr char kCategory[] = "pd:Address";

void AddName(const char* language, const char* name,
             google::protobuf::RepeatedPtrField<v1::LocalizedText>* texts) {
  v1::LocalizedText* const text = texts->Add();
  text->set_language(language);
  text->set_text(name);
}

std::string PurposeDocument() {
  v1::Purpose purpose;
  purpose.set_term(kPurpose);
  AddName("en", "Services", purpose.mutable_name());
  AddName("sv", "Tjänster", purpose.mutable_name());
  return purpose.SerializeAsString();
}

std::string LawDocument() {
  v1::Provision law;
  law.add_basis("A6-1-e");
  law.set_citation("Act 1/2000 \"on services\"");
  AddName("en", "Act", law.mutable_name());
  law.add_administration(0);
  law.add_purpose(kPurpose);
  law.add_data_category(kCategory);
  return law.SerializeAsString();
}

// A log with one resident who signs with a passkey's kind of key.
class Story {
 public:
  Story() : service_(std::string(32, 's')), wallet_(TestKey::Kind::kP256) {}

  SmallLog& log() { return log_; }
  const std::string& subject() const { return subject_; }
  std::string public_key() const {
    return "\x04" + wallet_.first() + wallet_.second();
  }

  void OpenRegister() {
    log_.PutAdministration(0);
    log_.PutPublishers();
    log_.Seal(kStart + 10);
    log_.Put({RegisterType::kPurpose, 0, 0}, PurposeDocument());
    log_.Put({RegisterType::kProvision, 0, 0}, LawDocument());
    v1::IdentityService service;
    AddName("en", "Identification", service.mutable_name());
    service.add_key(std::string(service_.public_key()));
    service.set_organisation_id("0245437-2");
    service.set_assurance("high");
    log_.Put({RegisterType::kIdentityService, 0, 0},
             service.SerializeAsString());
    log_.Seal(kStart + 20);
    log_.Seal(kStart + 8 * kDay);
    time_s_ = kStart + 8 * kDay;
  }

  void Seal() { log_.Seal(time_s_ += 10); }

  uint64_t Access(bool by_law, SmallLie lie = SmallLie::kNone) {
    return log_.AddAccess(subject_, 0, lie, [&](v1::AccessRecord* access) {
      access->set_occurred_at_ms(1000 * time_s_ + 5000);
      v1::LegalBasis* const basis = access->mutable_legal_basis(0);
      if (by_law) {
        basis->set_provision(0);
      } else {
        basis->set_basis("A6-1-a");
      }
      access->set_unit_name("Östra \"skolan\"\n");
    });
  }

  v1::Statement Bare() {
    v1::Statement statement;
    statement.set_statement_id(std::string(15, 'i') +
                               static_cast<char>('a' + statements_));
    statement.set_sequence(statements_++);
    if (!previous_.empty()) statement.set_previous(previous_);
    statement.set_language("sv");
    statement.set_words_sha256(std::string(32, 'w'));
    return statement;
  }

  void AddKey() {
    v1::Statement statement = Bare();
    key_id_ = statement.statement_id();
    statement.set_identity_service(0);
    v1::Key* const key = statement.mutable_key_add();
    key->set_kind(v1::ES256);
    key->set_public_key(public_key());
    File(statement, v1::ED25519,
         [&](const std::string& message) { return service_.Sign(message); });
  }

  void Say(v1::Statement statement) {
    statement.set_key_id(key_id_);
    File(statement, v1::ES256,
         [&](const std::string& message) { return wallet_.Sign(message); });
  }

  const std::string& last_statement() const { return last_statement_; }
  const std::string& last_record() const { return last_record_; }

 private:
  void File(const v1::Statement& statement, v1::SignatureKind kind,
            const std::function<std::string(const std::string&)>& sign) {
    v1::Opening opening;
    opening.set_entry_id(std::string(15, 'e') +
                         static_cast<char>('a' + statements_));
    opening.set_record_salt(std::string(16, 'r'));
    opening.set_actor_salt(std::string(16, 'a'));
    v1::Record record;
    v1::SignedStatement* const filed = record.mutable_statement();
    filed->set_entry_id(opening.entry_id());
    filed->set_subject(subject_);
    filed->set_administration(0);
    filed->set_statement(statement.SerializeAsString());
    const Hash hash =
        StatementHash(FamilyOf(log_.origin()), subject_, 0, filed->statement());
    filed->set_signature_kind(kind);
    filed->set_signature(sign(StatementSignedBytes(hash)));
    opening.set_record(record.SerializeAsString());
    log_.AddOpening(subject_, 0, opening);
    previous_ = std::string(Bytes(hash));
    last_statement_ = filed->statement();
    last_record_ = opening.record();
  }

  const std::string subject_ = "\x01resident-a";
  const Ed25519Signer service_;
  const TestKey wallet_;
  SmallLog log_;
  uint64_t time_s_ = 0;
  char statements_ = 0;
  std::string key_id_;
  std::string previous_;
  std::string last_statement_;
  std::string last_record_;
};

// The tiles of a log that never was larger than one full tile of level 0, or
// any: read from its leaves.
std::string TilesBetween(const SmallLog& log, uint64_t older, uint64_t newer) {
  const NodeReader nodes = log.Nodes();
  std::string bytes;
  std::vector<TileAddress> seen;
  const auto path =
      ConsistencyPath(older, newer, [&](int level, uint64_t index, Hash* hash) {
        const TileAddress tile = TileOfNode(level, index, newer);
        bool known = false;
        for (const TileAddress& one : seen) known = known || one == tile;
        if (!known) {
          seen.push_back(tile);
          for (int i = 0; i < tile.width; ++i) {
            Hash node;
            CHECK(nodes(tile.level * kTileHeight, tile.n * kTileWidth + i,
                        &node));
            bytes.append(Bytes(node));
          }
        }
        return nodes(level, index, hash);
      });
  CHECK(path.has_value());
  return bytes;
}

std::string Cosign(const std::string& note, const NoteSigner& signer,
                   uint64_t time_s) {
  Note parts;
  CHECK(SplitNote(note, &parts) == Finding::kOk);
  std::string line;
  CHECK(signer.Sign(parts.text, time_s, &line));
  return note + line;
}

}  // namespace

City MakeCity(int accesses, int accesses_each) {
  Story story;
  City city;
  story.OpenRegister();
  const uint64_t older = story.log().size();
  story.AddKey();
  story.Seal();
  v1::Statement grant = story.Bare();
  grant.mutable_grant()->add_administration(0);
  grant.mutable_grant()->mutable_scope()->add_purpose(kPurpose);
  grant.mutable_grant()->mutable_scope()->add_data_category(kCategory);
  grant.mutable_grant()->set_assurance(v1::WALLET_KEY);
  grant.mutable_grant()->set_lawful_basis("A6-1-a");
  story.Say(grant);
  city.statement = story.last_statement();
  city.record = story.last_record();
  story.Seal();
  city.granted = story.Access(false);
  story.Seal();
  v1::Statement withdrawal = story.Bare();
  withdrawal.mutable_withdrawal()->add_statement_id(grant.statement_id());
  story.Say(withdrawal);
  story.Seal();
  city.withdrawn = story.Access(false);
  story.Seal();
  city.lawful = story.Access(true);
  story.Seal();
  for (int i = 0; i < accesses; ++i) {
    story.Access(true);
    if ((i + 1) % accesses_each == 0 || i + 1 == accesses) story.Seal();
  }

  const SmallLog& log = story.log();
  const Ed25519NoteSigner witness(
      "uni.example/witness", kKeyTypeCosignatureEd25519, std::string(32, 'u'));
  const Ed25519NoteSigner monitor("press.example/monitor",
                                  kKeyTypeCosignatureEd25519,
                                  std::string(32, 'p'));
  city.origin = log.origin();
  city.log_key = FormatVkey(log.key());
  city.policy = "log " + city.log_key + "\nwitness uni " +
                FormatVkey(witness.key()) + "\nwitness press " +
                FormatVkey(monitor.key()) +
                "\ngroup witnesses 1 uni\n"
                "group papers 1 press\ngroup monitors 1 papers\n"
                "group outside all witnesses monitors\nquorum outside\n";
  city.older = log.Checkpoint(older);
  const auto cosigned = [&] {
    return Cosign(
        Cosign(log.Checkpoint(log.size()), witness, kStart + 9 * kDay), monitor,
        kStart + 9 * kDay + 2);
  };
  city.newer = cosigned();
  city.tiles = TilesBetween(log, older, log.size());
  city.subject = story.subject();
  city.public_key = story.public_key();
  v1::ChainBundle bundle = log.WholeBundle(city.subject);
  city.lone = bundle.SerializeAsString();
  bundle.set_checkpoint(city.newer);
  city.bundle = bundle.SerializeAsString();
  story.Access(true, SmallLie::kNoActor);
  story.Seal();
  bundle = log.WholeBundle(city.subject);
  bundle.set_checkpoint(cosigned());
  city.unread = bundle.SerializeAsString();
  return city;
}

}  // namespace vidimus
