#include "client/statement_words.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "client/chain_report.h"
#include "client/wallet.h"
#include "verifier/check.h"
#include "verifier/encoding.h"
#include "verifier/register.h"

namespace vidimus {
namespace {

// Each text in the three languages. {X} is who it is said to, the other names
// in braces are what the line is about.
struct Text {
  const char* sv;
  const char* fi;
  const char* en;
};

constexpr Text kSelfChain = {"min egen kedja", "oma ketjuni", "my own chain"};
constexpr Text kGrant = {
    "Jag samtycker till att {X} använder mina uppgifter.",
    "Suostun siihen, että tietojani käytetään. Suostumuksen saa: {X}.",
    "I consent to {X} using my data."};
constexpr Text kExplicit = {"Mitt samtycke är uttryckligt.",
                            "Suostumukseni on nimenomainen.",
                            "My consent is explicit."};
constexpr Text kPurposes = {"Ändamål: {L}.", "Tarkoitus: {L}.",
                            "Purpose: {L}."};
constexpr Text kAllPurposes = {"Ändamål: alla.", "Tarkoitus: kaikki.",
                               "Purpose: all."};
constexpr Text kData = {"Uppgifter: {L}.", "Tiedot: {L}.", "Data: {L}."};
constexpr Text kAllData = {"Uppgifter: alla.", "Tiedot: kaikki.", "Data: all."};
constexpr Text kRecipients = {"Får lämnas ut till: {L}.",
                              "Saa luovuttaa seuraaville: {L}.",
                              "May be disclosed to: {L}."};
constexpr Text kNoRecipients = {"Får inte lämnas ut till någon annan.",
                                "Ei saa luovuttaa kenellekään muulle.",
                                "May not be disclosed to anybody else."};
constexpr Text kConcernedRecipients = {
    "Mottagare: {L}.", "Vastaanottajat: {L}.", "Recipients: {L}."};
constexpr Text kFrom = {"Från och med {T}.", "Alkaen {T}.", "From {T}."};
constexpr Text kUntil = {"Till {T}.", "Päättyen {T}.", "Until {T}."};
constexpr Text kUntilWithdrawn = {"Tills jag återkallar det.",
                                  "Kunnes peruutan sen.",
                                  "Until I withdraw it."};
constexpr Text kNotice = {"Information om behandlingen: {L}.",
                          "Tietoa käsittelystä: {L}.",
                          "About the processing: {L}."};
constexpr Text kStorage = {"Lagras: {L}.", "Säilytyspaikka: {L}.",
                           "Stored: {L}."};
constexpr Text kRetention = {"Sparas i {L} dagar.", "Säilytysaika: {L} päivää.",
                             "Kept for {L} days."};
constexpr Text kEasily = {
    "Jag kan när som helst återkalla det, lika lätt som jag ger det nu.",
    "Voin peruuttaa sen milloin tahansa yhtä helposti kuin annan sen nyt.",
    "I can withdraw it at any time, as easily as I give it now."};
constexpr Text kWithdrawAll = {
    "Jag återkallar alla samtycken som jag hittills har gett till {X}.",
    "Peruutan kaikki tähän asti antamani suostumukset. Vastaanottaja: {X}.",
    "I withdraw every consent that I have given to {X} so far."};
constexpr Text kWithdraw = {
    "Jag återkallar det som jag har sagt till {X}: {L}.",
    "Peruutan sen, minkä olen sanonut: {L}. "
    "Vastaanottaja: {X}.",
    "I take back what I have said to {X}: {L}."};
constexpr Text kErase = {"{X} ska radera innehållet i mina poster {L}.",
                         "Merkintöjeni {L} sisältö on poistettava. "
                         "Vastaanottaja: {X}.",
                         "{X} shall erase the content of my entries {L}."};
constexpr Text kProhibition = {"Jag förbjuder {X} att använda mina uppgifter.",
                               "Kiellän tietojeni käytön. Kielto koskee: {X}.",
                               "I forbid {X} to use my data."};
constexpr Text kDuty = {
    "En lag som går före ett förbud gäller ändå, och det syns.",
    "Laki, joka menee kiellon edelle, pätee silti, ja se näkyy.",
    "A law that goes above a prohibition still holds, and that will show."};
constexpr Text kObjection = {
    "Jag invänder mot att {X} använder mina uppgifter (GDPR, artikel 21).",
    "Vastustan tietojeni käyttöä (GDPR, 21 artikla). Koskee: {X}.",
    "I object to {X} using my data (GDPR, Article 21)."};
constexpr Text kWanted = {"Jag vill gärna att {X} använder mina uppgifter.",
                          "Toivon, että tietojani käytetään. Koskee: {X}.",
                          "I would like {X} to use my data."};
constexpr Text kUnwanted = {
    "Jag vill helst inte att {X} använder mina uppgifter.",
    "Toivon, että tietojani ei käytetä. Koskee: {X}.",
    "I would rather that {X} does not use my data."};
constexpr Text kBindsNobody = {"Det är en önskan och binder ingen.",
                               "Tämä on toive eikä sido ketään.",
                               "This is a wish and binds nobody."};
constexpr Text kDispute = {"Jag bestrider post {L} i min kedja hos {X}.",
                           "Kiistän ketjuni merkinnän {L}. Koskee: {X}.",
                           "I contest entry {L} of my chain with {X}."};
constexpr Text kReason = {"Skäl: {L}", "Syy: {L}", "Reason: {L}"};
constexpr Text kKeyAdd = {"Nyckeln {L} får skriva under för mig hos: {X}.",
                          "Avain {L} saa allekirjoittaa puolestani. "
                          "Koskee: {X}.",
                          "Key {L} may sign for me with: {X}."};
constexpr Text kRecover = {
    "Nyckeln {L} ersätter nycklar som jag har förlorat, hos: {X}. Den kan "
    "återkalla och förbjuda genast; allt annat först efter en väntetid.",
    "Avain {L} korvaa kadottamani avaimet. Koskee: {X}. Sillä voi peruuttaa "
    "ja kieltää heti, muuta vasta odotusajan jälkeen.",
    "Key {L} takes the place of keys that I have lost, with: {X}. It can "
    "withdraw and forbid at once, and all else only after a wait."};
constexpr Text kRevoke = {
    "Nyckeln med nummer {L} får inte längre skriva under för mig hos: {X}. "
    "Samtycken som den har undertecknat upphör.",
    "Avain numero {L} ei enää saa allekirjoittaa puolestani. Koskee: {X}. "
    "Sillä allekirjoitetut suostumukset päättyvät.",
    "The key with number {L} may no longer sign for me with: {X}. Consent "
    "that was signed by it ends."};
constexpr Text kDelegate = {
    "Nyckeln {L} tillhör någon annan, som får tala för mig hos: {X}.",
    "Avain {L} kuuluu toiselle henkilölle, joka saa puhua puolestani. "
    "Koskee: {X}.",
    "Key {L} belongs to somebody else, who may speak for me with: {X}."};
constexpr Text kRelation = {"Förhållande: {L}.", "Suhde: {L}.",
                            "Relation: {L}."};
constexpr Text kAlias = {"Jag har också id:t {L}. Det gäller: {X}.",
                         "Minulla on myös tunnus {L}. Koskee: {X}.",
                         "I also have the id {L}. This is for: {X}."};

// What holds once it counts, in the order of the events.
constexpr Text kHolds[] = {
    {"Nu får {X} använda uppgifterna för detta ändamål, tills du återkallar "
     "det: vidimus consent withdraw {L}",
     "Nyt tietojasi saa käyttää tähän tarkoitukseen, kunnes peruutat sen: "
     "vidimus consent withdraw {L} (koskee: {X})",
     "Now {X} may use these data for this purpose, until you withdraw it: "
     "vidimus consent withdraw {L}"},
    {"Nu är det återkallat: det som {X} gör från och med nu vilar inte på det.",
     "Nyt se on peruutettu: mikään, mitä tästä lähtien tehdään, ei nojaa "
     "siihen (koskee: {X}).",
     "Now it is withdrawn: nothing that {X} does from now on rests on it."},
    {"Nu är {X} förbjuden att använda dem, utom där en lag går före.",
     "Nyt niiden käyttö on kielletty, paitsi jos laki menee edelle "
     "(koskee: {X}).",
     "Now {X} is forbidden to use them, but where a law goes above that."},
    {"Nu står din invändning mot {X} i loggen.",
     "Nyt vastustuksesi on lokissa (koskee: {X}).",
     "Now your objection to {X} stands in the log."},
    {"Nu känner {X} din önskan; den binder ingen.",
     "Nyt toiveesi on tiedossa; se ei sido ketään (koskee: {X}).",
     "Now {X} knows your wish; it binds nobody."},
    {"Nu är posten bestridd hos {X}, och får inte raderas så länge.",
     "Nyt merkintä on kiistetty eikä sitä sinä aikana saa poistaa "
     "(koskee: {X}).",
     "Now the entry is contested with {X}, and must not be erased meanwhile."},
    {"Nu får nyckeln skriva under för dig hos {X}.",
     "Nyt avain saa allekirjoittaa puolestasi (koskee: {X}).",
     "Now the key may sign for you with {X}."},
    {"Nu gäller inget mer som nyckeln skriver under hos {X}.",
     "Nyt avaimen allekirjoitus ei enää kelpaa (koskee: {X}).",
     "Now nothing counts any more that the key signs with {X}."},
    {"Nu kan nyckeln återkalla och förbjuda hos {X}; allt annat gäller först "
     "om {L} timmar.",
     "Nyt avaimella voi peruuttaa ja kieltää; muu kelpaa vasta {L} tunnin "
     "kuluttua (koskee: {X}).",
     "Now the key can withdraw and forbid with {X}; all else counts only in "
     "{L} hours."},
    {"Nu får den andra tala för dig hos {X}.",
     "Nyt toinen henkilö saa puhua puolestasi (koskee: {X}).",
     "Now the other person may speak for you with {X}."},
    {"Nu vet {X} att ditt andra id också är ditt.",
     "Nyt tiedetään, että myös toinen tunnus on sinun (koskee: {X}).",
     "Now {X} knows that your other id is yours too."},
};

constexpr Text kEvents[] = {
    {"samtycke", "suostumus", "consent"},
    {"återkallelse", "peruutus", "withdrawal"},
    {"förbud", "kielto", "prohibition"},
    {"invändning", "vastustus", "objection"},
    {"önskan", "toive", "preference"},
    {"bestridande", "kiistäminen", "dispute"},
    {"nyckel", "avain", "key"},
    {"spärrad nyckel", "poistettu avain", "key revoked"},
    {"återställd nyckel", "palautettu avain", "key recovered"},
    {"fullmakt", "valtuutus", "delegation"},
    {"annat id", "toinen tunnus", "another id"},
};

class Writer {
 public:
  Writer(absl::string_view language, const std::vector<uint32_t>& chains,
         const Names& names)
      : language_(language), names_(names) {
    std::vector<std::string> all;
    for (const uint32_t number : chains) {
      if (number == kSelf) {
        all.push_back(In(kSelfChain));
        continue;
      }
      const auto name = names.administrations.find(number);
      all.push_back(
          name == names.administrations.end()
              ? absl::StrCat("#", number)
              : absl::StrCat(Printable(name->second), " (#", number, ")"));
    }
    to_ = absl::StrJoin(all, ", ");
  }

  const char* In(const Text& text) const {
    return language_ == "sv" ? text.sv : language_ == "fi" ? text.fi : text.en;
  }

  void Say(const Text& text, absl::string_view what = "") {
    absl::StrAppend(&words_,
                    absl::StrReplaceAll(
                        In(text), {{"{X}", to_}, {"{L}", what}, {"{T}", what}}),
                    "\n");
  }

  void SayIf(const Text& text, absl::string_view what) {
    if (!what.empty()) Say(text, Printable(what));
  }

  void SayScope(const v1::Scope& scope, bool grant) {
    if (scope.purpose().empty()) {
      Say(kAllPurposes);
    } else {
      Say(kPurposes, List(scope.purpose(), names_.purposes));
    }
    if (scope.data_category().empty()) {
      Say(kAllData);
    } else {
      Say(kData, List(scope.data_category(), names_.categories));
    }
    if (!scope.recipient().empty()) {
      Say(grant ? kRecipients : kConcernedRecipients,
          List(scope.recipient(), {}));
    } else if (grant) {
      Say(kNoRecipients);
    }
    if (scope.valid_from_s() > 0) Say(kFrom, UtcText(scope.valid_from_s()));
    if (scope.has_valid_until_s()) {
      Say(kUntil, UtcText(scope.valid_until_s()));
    } else {
      Say(kUntilWithdrawn);
    }
  }

  std::string Take() { return std::move(words_); }

 private:
  template <typename Terms>
  static std::string List(const Terms& terms,
                          const std::map<std::string, std::string>& names) {
    std::vector<std::string> all;
    for (const std::string& term : terms) {
      const auto name = names.find(term);
      all.push_back(name == names.end()
                        ? Printable(term)
                        : absl::StrCat(Printable(name->second), " [",
                                       Printable(term), "]"));
    }
    return absl::StrJoin(all, "; ");
  }

  const absl::string_view language_;
  const Names& names_;
  std::string to_;
  std::string words_;
};

std::string Ids(const google::protobuf::RepeatedPtrField<std::string>& ids) {
  std::vector<std::string> all;
  for (const std::string& id : ids) all.push_back(HexEncode(id));
  return absl::StrJoin(all, ", ");
}

}  // namespace

bool IsWordsLanguage(absl::string_view language) {
  return language == "sv" || language == "fi" || language == "en";
}

std::string UtcText(uint64_t time_s) {
  // 9999-12-31; a year of five digits helps nobody.
  constexpr uint64_t kLast = 253402300799;
  return absl::FormatTime(
      "%Y-%m-%d %H:%M UTC",
      absl::FromUnixSeconds(static_cast<int64_t>(std::min(time_s, kLast))),
      absl::UTCTimeZone());
}

std::string WhatHoldsNow(absl::string_view language,
                         const v1::Statement& statement,
                         const std::vector<uint32_t>& administrations,
                         const Names& names, uint64_t recovery_s) {
  const int event =
      static_cast<int>(statement.event_case()) - v1::Statement::kGrant;
  if (event < 0 || event >= static_cast<int>(std::size(kHolds))) return "";
  Writer writer(language, administrations, names);
  writer.Say(kHolds[event],
             statement.has_recover()
                 ? absl::StrCat(recovery_s / 3600)
                 : HexEncode(statement.statement_id()).substr(0, 12));
  std::string words = writer.Take();
  words.pop_back();  // the line feed
  return words;
}

std::string EventWord(absl::string_view language, const v1::Statement& said) {
  const int event = static_cast<int>(said.event_case()) - v1::Statement::kGrant;
  if (event < 0 || event >= static_cast<int>(std::size(kEvents))) return "?";
  const Text& text = kEvents[event];
  return language == "sv" ? text.sv : language == "fi" ? text.fi : text.en;
}

std::string StatementWords(absl::string_view language,
                           const v1::Statement& statement,
                           const std::vector<uint32_t>& administrations,
                           const Names& names) {
  CHECK(IsWordsLanguage(language));
  Writer writer(language, administrations, names);
  switch (statement.event_case()) {
    case v1::Statement::kGrant: {
      const v1::Grant& grant = statement.grant();
      writer.Say(kGrant);
      if (grant.lawful_basis() != "A6-1-a") writer.Say(kExplicit);
      writer.SayScope(grant.scope(), /*grant=*/true);
      writer.SayIf(kNotice, grant.privacy_notice());
      writer.SayIf(kStorage, grant.storage_location());
      if (grant.has_retention_s()) {
        writer.Say(kRetention, absl::StrCat(grant.retention_s() / 86400));
      }
      writer.Say(kEasily);
      break;
    }
    case v1::Statement::kWithdrawal: {
      const v1::Withdrawal& withdrawal = statement.withdrawal();
      if (withdrawal.everything()) writer.Say(kWithdrawAll);
      if (withdrawal.statement_id_size() > 0) {
        writer.Say(kWithdraw, Ids(withdrawal.statement_id()));
      }
      if (withdrawal.erase_size() > 0) {
        writer.Say(kErase, absl::StrJoin(withdrawal.erase(), ", "));
      }
      break;
    }
    case v1::Statement::kProhibition:
      writer.Say(kProhibition);
      writer.SayScope(statement.prohibition().scope(), /*grant=*/false);
      writer.Say(kDuty);
      writer.SayIf(kReason, statement.prohibition().reason());
      break;
    case v1::Statement::kObjection:
      writer.Say(kObjection);
      writer.SayScope(statement.objection().scope(), /*grant=*/false);
      writer.SayIf(kReason, statement.objection().reason());
      break;
    case v1::Statement::kPreference:
      writer.Say(statement.preference().wanted() ? kWanted : kUnwanted);
      writer.SayScope(statement.preference().scope(), /*grant=*/false);
      writer.Say(kBindsNobody);
      writer.SayIf(kReason, statement.preference().reason());
      break;
    case v1::Statement::kDispute:
      writer.Say(kDispute, absl::StrCat(statement.dispute().entry()));
      writer.SayIf(kReason, statement.dispute().reason());
      break;
    case v1::Statement::kKeyAdd:
      writer.Say(kKeyAdd, KeyFingerprint(statement.key_add().public_key()));
      break;
    case v1::Statement::kKeyRevoke:
      writer.Say(kRevoke, HexEncode(statement.key_revoke().key_id()));
      break;
    case v1::Statement::kRecover:
      writer.Say(kRecover, KeyFingerprint(statement.recover().public_key()));
      break;
    case v1::Statement::kDelegate: {
      writer.Say(kDelegate,
                 KeyFingerprint(statement.delegate().key().public_key()));
      // A delegation ends by its own field.
      v1::Scope scope = statement.delegate().scope();
      scope.set_valid_until_s(statement.delegate().until_s());
      writer.SayScope(scope, /*grant=*/false);
      writer.SayIf(kRelation, statement.delegate().relation());
      break;
    }
    case v1::Statement::kAlias: {
      const std::string& subject = statement.alias().subject();
      if (subject.size() >= 2) {
        writer.Say(
            kAlias,
            Printable(absl::StrCat(
                static_cast<uint32_t>(static_cast<unsigned char>(subject[0])),
                " ", subject.substr(1))));
      }
      break;
    }
    case v1::Statement::EVENT_NOT_SET:
      break;
  }
  return writer.Take();
}

}  // namespace vidimus
