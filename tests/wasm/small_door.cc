// A small log of a resident who signs with a wallet in JavaScript, natively:
// reads one command a line and answers each with one line of JSON.
//
//   bundle             the resident's chain bundle, as hex
//   file REQUEST       takes a FileStatementsRequest, whatever it says, and
//                      answers as a log does
//   leaves REQUEST     a ProveLeavesRequest
//   cli ADMINISTRATION STATEMENT
//                      says a Statement as the command line does, with the
//                      wallet whose seed is 32 times 'w'
//   sign REQUEST       a KeyRequest, by the identity service
//   access ADMINISTRATION law|consent
//                      an access, and the native verdict on it
//   standing           of each chain how its statements stand, natively
//   words              statements with their words
//
// A command that can't be obeyed is answered with {"error": ...}.

#include <cstdint>
#include <cstdio>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "client/statement_maker.h"
#include "client/statement_words.h"
#include "client/wallet.pb.h"
#include "proto/json.h"
#include "proto/record.pb.h"
#include "proto/register.pb.h"
#include "proto/status.h"
#include "proto/vidimus.pb.h"
#include "verifier/chain.h"
#include "verifier/chain_history.h"
#include "verifier/check.h"
#include "verifier/es256.h"
#include "verifier/json_writer.h"
#include "verifier/note.h"
#include "verifier/register.h"
#include "verifier/signing.h"
#include "verifier/small_log.h"
#include "verifier/statement.h"

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

class Door {
 public:
  Door()
      : service_(std::string(32, 's')),
        wallet_(std::string(32, 'w')),
        subject_(
            "\x01"
            "00000000-0000-0000-0000-000000000001") {
    log_.PutAdministration(0);
    log_.PutAdministration(1);
    log_.PutPublishers();
    Seal();
    v1::Purpose purpose;
    purpose.set_term(kPurpose);
    AddName("en", "Services", purpose.mutable_name());
    AddName("sv", "Tjänster", purpose.mutable_name());
    log_.Put({RegisterType::kPurpose, 0, 0}, purpose.SerializeAsString());
    v1::Category category;
    category.set_term(kCategory);
    // Who writes the register may try to turn a sentence around.
    AddName("sv", "Adress\xe2\x80\xae <b>", category.mutable_name());
    log_.Put({RegisterType::kCategory, 0, 0}, category.SerializeAsString());
    v1::Provision law;
    law.add_basis("A6-1-e");
    law.set_citation("Act 1/2000");
    AddName("en", "Act", law.mutable_name());
    law.add_administration(0);
    law.add_administration(1);
    law.add_purpose(kPurpose);
    law.add_data_category(kCategory);
    log_.Put({RegisterType::kProvision, 0, 0}, law.SerializeAsString());
    v1::IdentityService service;
    AddName("en", "Identification", service.mutable_name());
    service.add_key(std::string(service_.public_key()));
    service.set_organisation_id("0245437-2");
    service.set_assurance("high");
    log_.Put({RegisterType::kIdentityService, 0, 0},
             service.SerializeAsString());
    Seal();
    time_s_ += 8 * kDay;
    Seal();
  }

  absl::StatusOr<std::string> Obey(absl::string_view line) {
    const size_t space = line.find(' ');
    const absl::string_view word = line.substr(0, space);
    const absl::string_view rest =
        space == absl::string_view::npos ? "" : line.substr(space + 1);
    if (word == "bundle") return Shown();
    if (word == "file") return File(rest);
    if (word == "leaves") return Leaves(rest);
    if (word == "cli") return Cli(rest);
    if (word == "sign") return Sign(rest);
    if (word == "access") return Access(rest);
    if (word == "standing") return Standing();
    if (word == "words") return Words();
    return absl::InvalidArgumentError("no such command");
  }

 private:
  // What the verifier says of everything, natively. Views point into `bundle`.
  struct Judged {
    std::string bundle;
    ChainsReport report;
    std::vector<JudgedChain> chains;
  };

  std::unique_ptr<Judged> Judge() const {
    auto judged = std::make_unique<Judged>();
    judged->bundle = log_.WholeBundle(subject_).SerializeAsString();
    CHECK(JudgeChainBundle(judged->bundle, log_.key(), {}, &judged->report) ==
          Finding::kOk);
    judged->chains = JudgeAccesses(judged->report, Es256VerifyNative);
    return judged;
  }

  std::string Shown() const {
    JsonWriter json;
    json.BeginObject();
    json.Text("log_key", FormatVkey(log_.key()));
    json.Text("origin", log_.origin());
    json.Hex("bundle", log_.WholeBundle(subject_).SerializeAsString());
    json.EndObject();
    return json.text();
  }

  void Seal() { log_.Seal(time_s_ += 10); }

  uint64_t Enter(uint32_t administration, const v1::Entry& entry) {
    v1::Opening opening;
    opening.set_entry_id(entry.entry_id());
    opening.set_record_salt(entry.record_salt());
    opening.set_actor_salt(entry.actor_salt());
    opening.set_record(entry.record());
    opening.set_actor(entry.actor());
    return log_.AddOpening(subject_, administration, opening);
  }

  absl::StatusOr<std::string> File(absl::string_view request) {
    v1::FileStatementsRequest filed;
    RETURN_IF_ERROR(FromJson(request, &filed));
    if (filed.origin() != log_.origin()) {
      return absl::NotFoundError("another log");
    }
    std::vector<std::pair<uint32_t, uint64_t>> places;
    for (const v1::Entry& entry : filed.entries()) {
      Statement said;
      const char* field = nullptr;
      const Finding finding = ParseStatement(entry.record(), &said, &field);
      if (finding != Finding::kOk || said.subject != subject_ ||
          said.entry_id != entry.entry_id()) {
        return absl::InvalidArgumentError(FindingSentence(finding));
      }
      places.emplace_back(said.administration,
                          Enter(said.administration, entry));
    }
    Seal();
    v1::FileStatementsResponse answer;
    answer.set_checkpoint(log_.Checkpoint(log_.size()));
    for (const auto& [administration, entry] : places) {
      const v1::Chain chain =
          log_.Chain(subject_, administration, log_.size(), entry);
      answer.add_leaf_index(chain.entries(0).leaf_index());
      v1::Placed* const placed = answer.add_placed();
      placed->set_leaf(chain.entries(0).leaf());
      placed->set_chain_index(entry);
    }
    return ToJson(answer);
  }

  absl::StatusOr<std::string> Leaves(absl::string_view request) {
    v1::ProveLeavesRequest asked;
    RETURN_IF_ERROR(FromJson(request, &asked));
    v1::ProveLeavesResponse answer;
    std::vector<uint64_t> indices;
    for (const uint64_t index : asked.leaf_index()) {
      if (index >= asked.size() || asked.size() > log_.size()) {
        return absl::OutOfRangeError("beyond the tree");
      }
      indices.push_back(index);
      answer.add_leaf(log_.Leaf(index));
    }
    answer.set_size(asked.size());
    answer.set_proof(log_.ProveLeaves(indices, asked.size()));
    answer.set_checkpoint(log_.Checkpoint(asked.size()));
    return ToJson(answer);
  }

  absl::StatusOr<std::string> Cli(absl::string_view rest) {
    const size_t space = rest.find(' ');
    const uint32_t administration = rest.substr(0, space) == "0" ? 0 : 1;
    v1::Statement event;
    RETURN_IF_ERROR(FromJson(rest.substr(space + 1), &event));
    const std::string words = StatementWords("en", event, {administration}, {});
    v1::Statement draft =
        DraftStatement("en", words, 1000 * (kStart + 8 * kDay));
    draft.MergeFrom(event);
    const auto judged = Judge();
    const JudgedChain& chain = judged->chains[administration];
    const ChainStanding standing =
        StandingOf(chain.history, chain.verdicts.statements);
    ASSIGN_OR_RETURN(
        const StandingKey* key,
        ChooseKey(standing, {std::string(wallet_.public_key())}, draft));
    ASSIGN_OR_RETURN(const v1::Entry entry,
                     SignStatement(draft, std::string(FamilyOf(log_.origin())),
                                   subject_, administration, *key, wallet_));
    Enter(administration, entry);
    Seal();
    JsonWriter json;
    json.BeginObject();
    json.Hex("id", draft.statement_id());
    json.EndObject();
    return json.text();
  }

  absl::StatusOr<std::string> Sign(absl::string_view text) {
    v1::KeyRequest request;
    RETURN_IF_ERROR(FromJson(text, &request));
    ASSIGN_OR_RETURN(
        const v1::KeyStatements statements,
        SignRequested(request, std::string(FamilyOf(log_.origin())), subject_,
                      0, service_));
    return ToJson(statements);
  }

  absl::StatusOr<std::string> Access(absl::string_view rest) {
    if (rest.size() < 3) return absl::InvalidArgumentError("which?");
    const uint32_t administration = rest[0] == '0' ? 0 : 1;
    const bool by_law = rest.substr(2) == "law";
    const uint64_t entry = log_.AddAccess(
        subject_, administration, SmallLie::kNone,
        [&](v1::AccessRecord* access) {
          access->set_occurred_at_ms(1000 * time_s_ + 5000);
          v1::LegalBasis* const basis = access->mutable_legal_basis(0);
          if (by_law) {
            basis->set_provision(0);
          } else {
            basis->set_basis("A6-1-a");
          }
        });
    Seal();
    const auto judged = Judge();
    JsonWriter json;
    json.BeginObject();
    json.Number("entry", entry);
    for (const Verdict& verdict :
         judged->chains[administration].verdicts.verdicts) {
      if (verdict.entry != entry) continue;
      json.Text("headline", HeadlineName(verdict.headline));
      json.Text("failed", DimensionName(verdict.failed));
    }
    json.EndObject();
    return json.text();
  }

  std::string Standing() const {
    const auto judged = Judge();
    JsonWriter json;
    json.BeginObject();
    json.Name("chains");
    json.BeginList();
    for (const JudgedChain& chain : judged->chains) {
      const ChainStanding standing =
          StandingOf(chain.history, chain.verdicts.statements);
      json.BeginObject();
      json.Number("administration", chain.administration);
      WriteNext(standing.next, &json);
      json.Name("keys");
      json.BeginList();
      for (const StandingKey& key : standing.keys) {
        json.BeginObject();
        json.Hex("keyId", key.key_id);
        json.Bool("revoked", key.revoked);
        json.Bool("delegate", key.delegate);
        json.Number("fullFrom_s", key.full_from_s);
        WriteNext(key.next, &json);
        json.EndObject();
      }
      json.EndList();
      json.Name("findings");
      json.BeginList();
      for (const StandingStatement& one : chain.verdicts.statements) {
        json.Text(FindingName(one.finding));
      }
      json.EndList();
      json.EndObject();
    }
    json.EndList();
    json.EndObject();
    return json.text();
  }

  static void WriteNext(const NextInChain& next, JsonWriter* json) {
    json->Name("next");
    json->BeginObject();
    json->Number("sequence", next.sequence);
    if (next.sequence > 0) json->Hex("previous", next.previous);
    json->EndObject();
  }

  // Every event, with and without all of its fields, in every language.
  static std::string Words() {
    std::vector<v1::Statement> said;
    const auto add = [&](const std::function<void(v1::Statement*)>& fill) {
      fill(&said.emplace_back());
    };
    const auto fill_scope = [](v1::Scope* scope) {
      scope->add_recipient("0245437-2\xe2\x80\x8e");
      scope->add_purpose(kPurpose);
      scope->add_purpose("Other {X} {L}");
      scope->add_data_category(kCategory);
      scope->set_valid_from_s(1798761600);
      scope->set_valid_until_s(1830297599);
    };
    const std::string id(16, '\x5a');
    const std::string key(32, '\x07');
    add([&](v1::Statement* s) {
      fill_scope(s->mutable_grant()->mutable_scope());
      s->mutable_grant()->set_lawful_basis("A6-1-a-explicit-consent");
      s->mutable_grant()->set_privacy_notice("https://x.example/\n\t<b>$&$1");
      s->mutable_grant()->set_storage_location("Östra \xd8\x9cvägen");
      s->mutable_grant()->set_retention_s(86400 * 30 + 86399);
    });
    add([&](v1::Statement* s) {
      s->mutable_grant()->mutable_scope()->add_purpose(kPurpose);
      s->mutable_grant()->mutable_scope()->add_data_category("pd:Income");
      s->mutable_grant()->set_lawful_basis("A6-1-a");
    });
    add([&](v1::Statement* s) {
      s->mutable_withdrawal()->add_statement_id(id);
      s->mutable_withdrawal()->add_statement_id(std::string(16, 'z'));
      s->mutable_withdrawal()->set_everything(true);
      s->mutable_withdrawal()->add_erase(0);
      s->mutable_withdrawal()->add_erase(uint64_t{1} << 60);
    });
    add([&](v1::Statement* s) { s->mutable_prohibition(); });
    add([&](v1::Statement* s) {
      fill_scope(s->mutable_prohibition()->mutable_scope());
      s->mutable_prohibition()->set_reason("\xc2\x85nej\x7f\xe2\x81\xa6");
    });
    add([&](v1::Statement* s) {
      fill_scope(s->mutable_objection()->mutable_scope());
    });
    add([&](v1::Statement* s) {
      s->mutable_preference()->set_wanted(true);
      s->mutable_preference()->set_reason("ja");
    });
    add([&](v1::Statement* s) { s->mutable_preference(); });
    add([&](v1::Statement* s) { s->mutable_dispute()->set_entry(0); });
    add([&](v1::Statement* s) {
      s->mutable_dispute()->set_entry((uint64_t{1} << 53) + 1);
      s->mutable_dispute()->set_reason("fel adress");
    });
    add([&](v1::Statement* s) { s->mutable_key_add()->set_public_key(key); });
    add([&](v1::Statement* s) { s->mutable_recover()->set_public_key(key); });
    add([&](v1::Statement* s) { s->mutable_key_revoke()->set_key_id(id); });
    add([&](v1::Statement* s) {
      fill_scope(s->mutable_delegate()->mutable_scope());
      s->mutable_delegate()->mutable_key()->set_public_key(key);
      s->mutable_delegate()->set_until_s(253402300800);
      s->mutable_delegate()->set_relation("guardian");
    });
    add([&](v1::Statement* s) {
      s->mutable_delegate()->mutable_key()->set_public_key(key);
      s->mutable_delegate()->set_until_s(0);
    });
    add([&](v1::Statement* s) {
      s->mutable_alias()->set_subject(
          "\x02"
          "016964-x");
    });

    Names names;
    names.administrations = {{1, "Socialvård \xe2\x80\xa8<i>"}};
    names.purposes = {{kPurpose, "Tjänster"}};
    names.categories = {{kCategory, "Adress"}};
    const std::vector<uint32_t> chains = {0, 1, kSelf};
    JsonWriter json;
    json.BeginObject();
    json.Name("cases");
    json.BeginList();
    for (const v1::Statement& statement : said) {
      for (const char* language : {"sv", "fi", "en"}) {
        json.BeginObject();
        json.Text("language", language);
        json.Hex("statement", statement.SerializeAsString());
        json.Name("administrations");
        json.BeginList();
        for (const uint32_t chain : chains) json.Number(chain);
        json.EndList();
        for (const bool named : {true, false}) {
          json.Text(named ? "words" : "nameless",
                    StatementWords(language, statement, chains,
                                   named ? names : Names()));
        }
        json.Text("event", EventWord(language, statement));
        json.EndObject();
      }
    }
    json.EndList();
    json.Name("names");
    json.BeginObject();
    json.Text("administration", names.administrations[1]);
    json.Text("purpose", names.purposes[kPurpose]);
    json.Text("category", names.categories[kCategory]);
    json.EndObject();
    json.EndObject();
    return json.text();
  }

  const Ed25519Signer service_;
  const Ed25519Signer wallet_;
  const std::string subject_;
  SmallLog log_;
  uint64_t time_s_ = kStart;
};

}  // namespace

int Main() {
  Door door;
  std::string line;
  while (std::getline(std::cin, line)) {
    absl::StatusOr<std::string> answer = door.Obey(line);
    if (!answer.ok()) {
      JsonWriter json;
      json.BeginObject();
      json.Text("error", {answer.status().message().data(),
                          answer.status().message().size()});
      json.EndObject();
      answer = json.text();
    }
    std::printf("%s\n", answer->c_str());
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace vidimus

int main() { return vidimus::Main(); }
