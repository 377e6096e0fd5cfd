#include "client/consent_verb.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "client/chain_report.h"
#include "client/client.h"
#include "client/command_line.h"
#include "client/consent.h"
#include "client/consent_log.h"
#include "client/consent_receipt.h"
#include "client/door.h"
#include "client/file.h"
#include "client/random.h"
#include "client/resident.h"
#include "client/resident_flags.h"
#include "client/statement_maker.h"
#include "client/statement_words.h"
#include "client/wallet.h"
#include "proto/json.h"
#include "proto/status.h"
#include "verifier/encoding.h"
#include "verifier/register.h"
#include "verifier/statement.h"

namespace vidimus {
namespace {

constexpr size_t kFileBytesMax = size_t{1} << 20;
constexpr uint64_t kDayS = 86400;

uint64_t NowMs() {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(
          std::chrono::system_clock::now().time_since_epoch())
          .count());
}

int Fail(const std::string& verb, const absl::Status& status) {
  std::fprintf(stderr, "vidimus %s: %s\n", verb.c_str(),
               std::string(status.message()).c_str());
  return absl::IsDataLoss(status) ? kExitLied : kExitUnusable;
}

int Usage(const std::string& verb, const std::string& why) {
  std::fprintf(stderr, "vidimus %s: %s\n", verb.c_str(), why.c_str());
  return kExitUsage;
}

// "2027-01-31", or with a time: "2027-01-31T12:00:00Z".
absl::StatusOr<uint64_t> ReadDate(const std::string& text, const char* flag) {
  absl::Time time;
  std::string error;
  for (const char* format : {"%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%Ez"}) {
    if (absl::ParseTime(format, text, absl::UTCTimeZone(), &time, &error) &&
        absl::ToUnixSeconds(time) >= 0) {
      return static_cast<uint64_t>(absl::ToUnixSeconds(time));
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--", flag, ": expected a date such as 2027-01-31"));
}

absl::StatusOr<std::vector<uint32_t>> ReadNumbers(
    const std::vector<std::string>& texts) {
  std::vector<uint32_t> numbers;
  for (const std::string& text : texts) {
    uint64_t number = 0;
    if (text == "self") {
      number = kSelf;
    } else if (!DecimalDecode(text, &number) || number > kRegisterNumberMax) {
      return absl::InvalidArgumentError(
          "--administration: expected a number of the register");
    }
    if (std::find(numbers.begin(), numbers.end(), number) == numbers.end()) {
      numbers.push_back(static_cast<uint32_t>(number));
    }
  }
  return numbers;
}

absl::StatusOr<std::string> ReadPublicKey(const std::string& hex) {
  std::string key;
  if (!HexDecode(hex, &key) || key.size() != kEd25519KeyBytes ||
      !Ed25519KeyIsSound(key)) {
    return absl::InvalidArgumentError(
        "a public key is 64 hexadecimal digits, as vidimus wallet show has "
        "them");
  }
  return key;
}

// The flags of all verbs that talk to a log with a wallet.
struct WalletFlags {
  ResidentFlags log;
  std::string wallet, language = "en";
  bool yes = false;

  void AddTo(CommandLine* line, bool says) {
    log.AddTo(line);
    AddWallet(line);
    if (says) {
      line->Switch("yes", "do not ask; for scripts", &yes);
    }
  }

  void AddWallet(CommandLine* line) {
    line->Text("wallet", "DIR",
               "the wallet (default: vidimus/wallet under $XDG_DATA_HOME or "
               "~/.local/share)",
               &wallet);
    line->Choice("language", {"sv", "fi", "en"},
                 "of the words that you sign (default en)", &language);
  }

  absl::StatusOr<std::string> WalletFolder() const {
    if (!wallet.empty()) return wallet;
    return DefaultWalletFolder();
  }
};

// A wallet and a log, opened.
struct Session {
  ResidentOptions options;
  std::unique_ptr<Wallet> wallet;
  std::unique_ptr<ResidentDoor> door;
  std::unique_ptr<ConsentLog> log;
  std::unique_ptr<ConsentDesk> desk;
};

absl::StatusOr<std::unique_ptr<Session>> OpenSession(const WalletFlags& flags) {
  auto session = std::make_unique<Session>();
  ASSIGN_OR_RETURN(session->options, flags.log.ReadOptions());
  ASSIGN_OR_RETURN(const std::string folder, flags.WalletFolder());
  ASSIGN_OR_RETURN(
      session->wallet,
      Wallet::Open(folder,
                   std::string(FamilyOf(session->options.log_key.name))));
  ASSIGN_OR_RETURN(session->door, flags.log.OpenDoor());
  session->log = NewConsentLog(session->door.get(), &session->options);
  session->desk = std::make_unique<ConsentDesk>(session->wallet.get(),
                                                session->log.get(), NowMs());
  RETURN_IF_ERROR(session->desk->Open());
  const ConsentDesk& desk = *session->desk;
  if (desk.view() == nullptr) {
    std::fprintf(stderr, "The log does not answer: %s\n",
                 std::string(desk.away().message()).c_str());
  } else if (!desk.view()->warning.empty()) {
    std::fprintf(stderr, "Beware: %s\n", desk.view()->warning.c_str());
  }
  if (desk.flushed() > 0) {
    std::printf("Filed now, from an earlier call: %d.\n", desk.flushed());
  }
  for (const std::string& refused : desk.refused()) {
    std::printf("From an earlier call, and dropped: %s\n", refused.c_str());
  }
  return session;
}

Names NamesOf(const Session& session, const std::string& language) {
  return session.desk->view() == nullptr
             ? Names()
             : session.desk->view()->NamesIn(language);
}

// Shows the words and asks.
bool Agreed(const std::string& words, const std::string& language, bool yes) {
  std::printf("%s", words.c_str());
  if (yes) return true;
  std::printf("%s [y/N] ", language == "sv"   ? "Skriva under?"
                           : language == "fi" ? "Allekirjoitetaanko?"
                                              : "Sign this?");
  std::fflush(stdout);
  std::string answer;
  if (!std::getline(std::cin, answer)) std::printf("\n");
  const std::string lower = absl::AsciiStrToLower(answer);
  const bool agreed = lower == "y" || lower == "yes" || lower == "j" ||
                      lower == "ja" || lower == "k" || lower == "kyllä";
  if (!agreed) std::printf("Nothing was signed.\n");
  return agreed;
}

// What is said after a statement went out; the exit code.
int Tell(const std::string& verb, const std::string& language,
         const absl::StatusOr<Filing>& filing, const v1::Statement& draft,
         const std::vector<uint32_t>& chains, ConsentDesk* desk) {
  if (!filing.ok()) return Fail(verb, filing.status());
  if (!filing->filed) {
    std::printf(
        "Signed and kept, and not in the log yet: %s\nIt goes out with your "
        "next call of vidimus consent or vidimus wallet.\n",
        Printable(filing->why).c_str());
    return kExitFalse;
  }
  const ConsentDesk::Outcome outcome = desk->WhatHolds(language, draft, chains);
  std::printf("%s\n", outcome.sentence.c_str());
  return outcome.counts ? kExitTrue : kExitFalse;
}

// Of chains that nobody named, those in which a key of this wallet can say
// this; the others are named on standard error.
std::vector<uint32_t> Reachable(const Session& session,
                                const v1::Statement& event,
                                const std::vector<uint32_t>& chains) {
  std::vector<uint32_t> reachable;
  for (const uint32_t chain : chains) {
    const auto standing = session.desk->Standing(chain, OnlyRestrains(event));
    absl::Status status = standing.status();
    if (status.ok()) {
      status = ChooseKey(*standing, session.desk->OwnKeys(), event).status();
    }
    if (status.ok()) {
      reachable.push_back(chain);
    } else {
      std::fprintf(stderr, "Left out: %s\n",
                   std::string(status.message()).c_str());
    }
  }
  return reachable;
}

// Draft, words, question, signature, filing, sentence.
int SayIt(const std::string& verb, Session* session, const WalletFlags& flags,
          const v1::Statement& event, const std::vector<uint32_t>& chains) {
  // What can't be signed is not asked for.
  for (const uint32_t chain : chains) {
    const auto standing = session->desk->Standing(chain, OnlyRestrains(event));
    if (!standing.ok()) return Fail(verb, standing.status());
    const auto key = ChooseKey(*standing, session->desk->OwnKeys(), event);
    if (!key.ok()) return Fail(verb, key.status());
  }
  const std::string words = StatementWords(flags.language, event, chains,
                                           NamesOf(*session, flags.language));
  if (!Agreed(words, flags.language, flags.yes)) return kExitFalse;
  v1::Statement draft = DraftStatement(flags.language, words, NowMs());
  draft.MergeFrom(event);
  return Tell(verb, flags.language, session->desk->Say(draft, words, chains),
              draft, chains, session->desk.get());
}

// --- consent -----------------------------------------------------------------

struct ScopeFlags {
  std::vector<std::string> purposes, categories, recipients;
  std::string from, until;

  void AddTo(CommandLine* line, const char* empty) {
    line->Texts("purpose", "TERM",
                absl::StrCat("what for, by the register's term", empty),
                &purposes);
    line->Texts("category", "TERM",
                absl::StrCat("which data, by the register's term", empty),
                &categories);
    line->Texts("recipient", "ID", "to whom data may go, or goes", &recipients);
    line->Text("from", "DATE", "from when on, such as 2027-01-31 (UTC)", &from);
    line->Text("until", "DATE", "until when", &until);
  }

  absl::Status Fill(v1::Scope* scope) const {
    for (const std::string& purpose : purposes) scope->add_purpose(purpose);
    for (const std::string& category : categories) {
      scope->add_data_category(category);
    }
    for (const std::string& recipient : recipients) {
      scope->add_recipient(recipient);
    }
    if (!from.empty()) {
      ASSIGN_OR_RETURN(const uint64_t from_s, ReadDate(from, "from"));
      scope->set_valid_from_s(from_s);
    }
    if (!until.empty()) {
      ASSIGN_OR_RETURN(const uint64_t until_s, ReadDate(until, "until"));
      scope->set_valid_until_s(until_s);
    }
    return absl::OkStatus();
  }
};

constexpr char kConsentExit[] =
    "Exit: 0 it holds, 1 nothing was signed, or it waits, or it does not "
    "count, 2 it could\nnot be done, 3 the log's answer is wrong, 64 the "
    "command line makes no sense.";

void AddAdministrations(CommandLine* line, std::vector<std::string>* texts) {
  line->Texts("administration", "N",
              "to whom, by the register's number; may stand several times",
              texts);
}

// The events that are a scope and little more.
int ScopeMain(const std::string& event,
              const std::vector<std::string>& arguments) {
  const std::string verb = "consent " + event;
  WalletFlags flags;
  ScopeFlags scope;
  std::vector<std::string> administrations;
  std::string reason, basis, notice, location, jurisdiction;
  uint64_t retention_days = 0;
  bool unwanted = false;
  const bool grant = event == "grant";
  const std::string about =
      grant ? "Consents to a use of your data, until you withdraw it."
      : event == "prohibit"
          ? "Forbids a use of your data; a law that goes above that still "
            "holds, and shows."
      : event == "object"
          ? "Objects to a use of your data that law allows (GDPR, Article 21)."
          : "Says what you would like; it binds nobody.";
  CommandLine line(
      absl::StrCat(verb, " --administration N ",
                   grant ? "--purpose TERM --category TERM " : "", "[flags]"),
      about);
  AddAdministrations(&line, &administrations);
  scope.AddTo(&line, grant ? "" : "; none means all");
  if (grant) {
    basis = "A6-1-a";
    line.Choice("basis", {"A6-1-a", "A6-1-a-explicit-consent", "A9-2-a"},
                "of the GDPR (default A6-1-a)", &basis);
    line.Text("notice", "URL", "what you were told about the processing",
              &notice);
    line.Text("location", "TEXT", "where data is stored", &location);
    line.Number("retention_days", "N", "how long it is kept", 1, 36500,
                &retention_days);
    line.Text("jurisdiction", "CODE", "such as FI", &jurisdiction);
  } else {
    line.Text("reason", "TEXT", "in your own words", &reason);
  }
  if (event == "prefer") line.Switch("unwanted", "rather not", &unwanted);
  flags.AddTo(&line, /*says=*/true);
  std::vector<std::string> required = {"server", "token-file", "vkey",
                                       "administration"};
  if (grant) required.insert(required.end(), {"purpose", "category"});
  line.Require(required);
  line.Epilogue(kConsentExit);
  if (const auto exit_code = line.Parse(arguments)) return *exit_code;

  v1::Statement said;
  v1::Scope* into = nullptr;
  if (grant) {
    v1::Grant* given = said.mutable_grant();
    into = given->mutable_scope();
    given->set_assurance(v1::WALLET_KEY);
    given->set_lawful_basis(basis);
    if (!notice.empty()) given->set_privacy_notice(notice);
    if (!location.empty()) given->set_storage_location(location);
    if (retention_days > 0) given->set_retention_s(retention_days * kDayS);
    if (!jurisdiction.empty()) given->set_jurisdiction(jurisdiction);
  } else if (event == "prohibit") {
    into = said.mutable_prohibition()->mutable_scope();
    if (!reason.empty()) said.mutable_prohibition()->set_reason(reason);
  } else if (event == "object") {
    into = said.mutable_objection()->mutable_scope();
    if (!reason.empty()) said.mutable_objection()->set_reason(reason);
  } else {
    into = said.mutable_preference()->mutable_scope();
    said.mutable_preference()->set_wanted(!unwanted);
    if (!reason.empty()) said.mutable_preference()->set_reason(reason);
  }
  const absl::Status filled = scope.Fill(into);
  if (!filled.ok()) return Usage(verb, std::string(filled.message()));
  const auto chains = ReadNumbers(administrations);
  if (!chains.ok()) return Usage(verb, std::string(chains.status().message()));
  if (grant) {
    for (const uint32_t chain : *chains) {
      said.mutable_grant()->add_administration(chain);
    }
  }
  const auto session = OpenSession(flags);
  if (!session.ok()) return Fail(verb, session.status());
  return SayIt(verb, session->get(), flags, said, *chains);
}

int WithdrawMain(const std::vector<std::string>& arguments) {
  const std::string verb = "consent withdraw";
  WalletFlags flags;
  std::vector<std::string> administrations, numbers, erase;
  bool everything = false;
  CommandLine line(
      "consent withdraw NUMBER... | --everything [flags]",
      "Takes back what you said: consents, or a prohibition or objection. By "
      "the number that\nconsent list shows, in every chain where it stands; "
      "or all consents there are. Any key\nof yours will do, also one that "
      "was recovered and still waits.");
  line.Switch("everything", "every consent so far", &everything);
  line.Texts("erase", "N",
             "ask that the content of entry N of the chain is erased", &erase);
  AddAdministrations(&line, &administrations);
  flags.AddTo(&line, /*says=*/true);
  line.Require({"server", "token-file", "vkey"});
  line.Operands(0, 64, &numbers);
  line.Epilogue(kConsentExit);
  if (const auto exit_code = line.Parse(arguments)) return *exit_code;
  if (numbers.empty() && !everything && erase.empty()) {
    return Usage(verb, "what? a number, --everything, or --erase");
  }
  auto chains = ReadNumbers(administrations);
  if (!chains.ok()) return Usage(verb, std::string(chains.status().message()));
  v1::Statement said;
  v1::Withdrawal* withdrawal = said.mutable_withdrawal();
  if (everything) withdrawal->set_everything(true);
  for (const std::string& text : erase) {
    uint64_t entry = 0;
    if (!DecimalDecode(text, &entry)) {
      return Usage(verb, "--erase: expected the number of an entry");
    }
    withdrawal->add_erase(entry);
  }
  if (!erase.empty() && chains->size() != 1) {
    return Usage(verb, "--erase: of which chain? one --administration");
  }
  const auto opened = OpenSession(flags);
  if (!opened.ok()) return Fail(verb, opened.status());
  Session* session = opened->get();
  const bool named = !chains->empty();
  for (const std::string& number : numbers) {
    std::string id;
    if (session->desk->view() == nullptr) {
      // Without the log, a whole number and whom it was said to are enough.
      if (!HexDecode(number, &id) || id.size() != kStatementIdBytes || !named) {
        return Fail(verb, absl::UnavailableError(
                              "the log does not answer; to withdraw all the "
                              "same, say the whole number (32 digits) and "
                              "--administration, or --everything"));
      }
    } else {
      const auto found = session->desk->FindStatement(number);
      if (!found.ok()) return Fail(verb, found.status());
      id = found->statement_id;
      for (const uint32_t chain : found->administrations) {
        if (!named &&
            std::find(chains->begin(), chains->end(), chain) == chains->end()) {
          chains->push_back(chain);
        }
      }
    }
    withdrawal->add_statement_id(id);
  }
  if (chains->empty()) {
    // Everything, everywhere: where there is a consent, or might be.
    for (const v1::WalletChain& known : session->wallet->state().chain()) {
      if (known.administration() != kSelf) {
        chains->push_back(known.administration());
      }
    }
  }
  const size_t all = chains->size();
  if (!named) *chains = Reachable(*session, said, *chains);
  if (chains->empty()) {
    return Fail(verb, absl::FailedPreconditionError(
                          "no administration knows a key of this wallet, so "
                          "nothing can be withdrawn by it; vidimus wallet "
                          "recover"));
  }
  const int exit_code = SayIt(verb, session, flags, said, *chains);
  return chains->size() < all ? std::max(exit_code, kExitFalse) : exit_code;
}

int DisputeMain(const std::vector<std::string>& arguments) {
  const std::string verb = "consent dispute";
  WalletFlags flags;
  std::string administration, reason;
  uint64_t entry = 0;
  CommandLine line("consent dispute --administration N --entry I [flags]",
                   "Contests one entry of your chain with an administration.");
  line.Text("administration", "N", "whose", &administration);
  line.Number("entry", "I", "its number in the chain, from 0", 0,
              uint64_t{1} << 40, &entry);
  line.Text("reason", "TEXT", "in your own words", &reason);
  flags.AddTo(&line, /*says=*/true);
  line.Require({"server", "token-file", "vkey", "administration", "entry"});
  line.Epilogue(kConsentExit);
  if (const auto exit_code = line.Parse(arguments)) return *exit_code;
  const auto chains = ReadNumbers({administration});
  if (!chains.ok()) return Usage(verb, std::string(chains.status().message()));
  v1::Statement said;
  said.mutable_dispute()->set_entry(entry);
  if (!reason.empty()) said.mutable_dispute()->set_reason(reason);
  const auto session = OpenSession(flags);
  if (!session.ok()) return Fail(verb, session.status());
  return SayIt(verb, session->get(), flags, said, *chains);
}

int ListMain(const std::vector<std::string>& arguments) {
  const std::string verb = "consent list";
  WalletFlags flags;
  CommandLine line("consent list [flags]",
                   "Everything you have said, to whom, and whether it "
                   "counts; keys that are not of\nthis wallet come first.");
  flags.AddTo(&line, /*says=*/false);
  line.Require({"server", "token-file", "vkey"});
  if (const auto exit_code = line.Parse(arguments)) return *exit_code;
  const auto session = OpenSession(flags);
  if (!session.ok()) return Fail(verb, session.status());
  ConsentDesk* desk = (*session)->desk.get();
  const auto waiting = desk->Waiting();
  if (!waiting.ok()) return Fail(verb, waiting.status());
  const std::string text = desk->List(flags.language, isatty(STDOUT_FILENO));
  std::printf("%s", text.c_str());
  if (*waiting > 0) {
    std::printf("Signed, and not in the log yet: %d.\n",
                static_cast<int>(*waiting));
  }
  if (desk->view() == nullptr) return kExitUnusable;
  if (text.empty()) std::printf("Nothing yet.\n");
  return kExitTrue;
}

int ReceiptOutMain(const std::vector<std::string>& arguments) {
  const std::string verb = "consent receipt";
  WalletFlags flags;
  std::string out;
  std::vector<std::string> numbers;
  CommandLine line("consent receipt NUMBER --out FILE [flags]",
                   "Writes a consent as a receipt of ISO/IEC TS 27560 (JSON, "
                   "in terms of the W3C DPV).\nThe file names you.");
  line.Text("out", "FILE", "where it goes", &out);
  flags.AddTo(&line, /*says=*/false);
  line.Require({"server", "token-file", "vkey", "out"});
  line.Operands(1, 1, &numbers);
  if (const auto exit_code = line.Parse(arguments)) return *exit_code;
  const auto session = OpenSession(flags);
  if (!session.ok()) return Fail(verb, session.status());
  const auto receipt = (*session)->desk->Receipt(flags.language, numbers[0]);
  if (!receipt.ok()) return Fail(verb, receipt.status());
  const absl::Status written = WriteFile(out, *receipt, 0600, /*sync=*/true);
  if (!written.ok()) return Fail(verb, written);
  std::printf("Kept in %s.\n", out.c_str());
  return kExitTrue;
}

int ImportMain(const std::vector<std::string>& arguments) {
  const std::string verb = "consent import";
  WalletFlags flags;
  std::vector<std::string> files;
  CommandLine line("consent import FILE [flags]",
                   "Makes a consent of a receipt of ISO/IEC TS 27560, for you "
                   "to sign. What a consent\nhere can't carry is refused, by "
                   "name.");
  flags.AddTo(&line, /*says=*/true);
  line.Require({"server", "token-file", "vkey"});
  line.Operands(1, 1, &files);
  line.Epilogue(kConsentExit);
  if (const auto exit_code = line.Parse(arguments)) return *exit_code;
  const auto json = ReadFile(files[0], kReceiptBytesMax);
  if (!json.ok()) return Fail(verb, json.status());
  const auto session = OpenSession(flags);
  if (!session.ok()) return Fail(verb, session.status());
  if ((*session)->desk->view() == nullptr) {
    return Fail(verb, absl::UnavailableError(
                          "without the log's register, nobody knows whom the "
                          "receipt is about"));
  }
  const auto grant = GrantOfReceipt(*json, (*session)->desk->KnownRegister());
  if (!grant.ok()) return Fail(verb, grant.status());
  v1::Statement said;
  *said.mutable_grant() = *grant;
  return SayIt(
      verb, session->get(), flags, said,
      {grant->administration().begin(), grant->administration().end()});
}

// --- wallet ------------------------------------------------------------------

// Writes a request for `key` in these chains, and says what to do with it.
int WriteRequest(const std::string& verb, const std::string& language,
                 const std::string& out, Wallet* wallet,
                 const v1::WalletKey& key, bool recovery,
                 const std::vector<v1::KeyRequestChain>& chains) {
  v1::KeyRequest request;
  request.set_family(wallet->family());
  request.set_subject(wallet->subject());
  request.set_name(key.name());
  request.set_recovery(recovery);
  request.set_language(language);
  request.set_statement_id(RandomBytes(kStatementIdBytes));
  request.set_made_at_ms(NowMs());
  v1::Statement said;
  (recovery ? said.mutable_recover() : said.mutable_key_add())
      ->set_public_key(key.public_key());
  std::vector<uint32_t> numbers;
  for (const v1::KeyRequestChain& chain : chains) {
    *request.add_chain() = chain;
    numbers.push_back(chain.administration());
  }
  const std::string words = StatementWords(language, said, numbers, {});
  request.set_words(words);
  const auto signer = wallet->Signer(key.public_key());
  if (!signer.ok()) return Fail(verb, signer.status());
  SignRequest(**signer, &request);
  v1::SaidWords kept;
  kept.set_statement_id(request.statement_id());
  kept.set_language(language);
  kept.set_words(words);
  absl::Status status = wallet->RememberWords(kept);
  if (!status.ok()) return Fail(verb, status);
  const auto json = ToJson(request);
  if (!json.ok()) return Fail(verb, json.status());
  status = WriteFile(out, *json + "\n", 0600, /*sync=*/true);
  if (!status.ok()) return Fail(verb, status);
  std::printf(
      "%sKey %s\nBring %s to an identity service of the log's register. It "
      "makes sure that you are\nyou, and gives you a file back. Then: vidimus "
      "wallet file THAT_FILE\n",
      words.c_str(), KeyFingerprint(key.public_key()).c_str(), out.c_str());
  return kExitTrue;
}

int InitMain(const std::vector<std::string>& arguments) {
  const std::string verb = "wallet init";
  WalletFlags flags;
  std::string vkey, subject_file, out, name;
  std::vector<std::string> administrations;
  CommandLine line(
      "wallet init --vkey FILE --subject_file FILE --request FILE [flags]",
      "Makes a wallet for the logs of one family, with a first key, and a "
      "request to bring to\nan identity service, which makes the key yours.");
  line.Text("vkey", "FILE", "verifier key of a log of the family (log.vkey)",
            &vkey);
  line.Text("subject_file", "FILE",
            "who you are to the log: the number of the id scheme, a space, "
            "and the id (a file of your own, 0600)",
            &subject_file);
  line.Text("request", "FILE", "where the request goes", &out);
  line.Texts("administration", "N",
             "in whose chains the key shall sign, besides your own; may stand "
             "several times, and more can follow by wallet request",
             &administrations);
  line.Text("name", "TEXT", "of this device, for you", &name);
  flags.AddWallet(&line);
  line.Require({"vkey", "subject_file", "request"});
  if (const auto exit_code = line.Parse(arguments)) return *exit_code;
  const auto numbers = ReadNumbers(administrations);
  if (!numbers.ok()) {
    return Usage(verb, std::string(numbers.status().message()));
  }
  const auto log_key = ReadVkey(vkey);
  if (!log_key.ok()) return Fail(verb, log_key.status());
  const auto subject = ReadSubjectFile(subject_file);
  if (!subject.ok()) return Fail(verb, subject.status());
  const auto folder = flags.WalletFolder();
  if (!folder.ok()) return Fail(verb, folder.status());
  const auto wallet =
      Wallet::Make(*folder, std::string(FamilyOf(log_key->name)), *subject);
  if (!wallet.ok()) return Fail(verb, wallet.status());
  const auto key = (*wallet)->AddKey(name, /*recovery=*/false, NowMs() / 1000);
  if (!key.ok()) return Fail(verb, key.status());
  std::vector<v1::KeyRequestChain> chains(1);
  chains[0].set_administration(kSelf);
  for (const uint32_t number : *numbers) {
    if (number == kSelf) continue;
    chains.emplace_back().set_administration(number);
  }
  std::printf(
      "A wallet in %s. Keep a copy of it where nobody else can read "
      "it.\n",
      folder->c_str());
  return WriteRequest(verb, flags.language, out, wallet->get(),
                      (*wallet)->state().key(0), /*recovery=*/false, chains);
}

// `wallet request` and `wallet recover`.
int RequestMain(bool recovery, const std::vector<std::string>& arguments) {
  const std::string verb = recovery ? "wallet recover" : "wallet request";
  WalletFlags flags;
  std::string out, name;
  std::vector<std::string> administrations;
  CommandLine line(
      absl::StrCat(verb, " --request FILE [flags]"),
      recovery
          ? "For lost keys: makes a new one, and a request to an identity "
            "service. Filed, it can\nwithdraw, forbid, object and dispute at "
            "once; for all else it waits, so that you\nwould see it in time "
            "if it was not you who asked."
          : "Asks an identity service to make your key known in more chains.");
  line.Text("request", "FILE", "where the request goes", &out);
  line.Texts("administration", "N",
             recovery ? "in whose chains (default: all that know a key of "
                        "yours)"
                      : "in whose chains; may stand several times",
             &administrations);
  if (recovery) line.Text("name", "TEXT", "of this device, for you", &name);
  flags.AddTo(&line, /*says=*/false);
  line.Require(
      recovery
          ? std::vector<std::string>{"server", "token-file", "vkey", "request"}
          : std::vector<std::string>{"server", "token-file", "vkey", "request",
                                     "administration"});
  if (const auto exit_code = line.Parse(arguments)) return *exit_code;
  auto numbers = ReadNumbers(administrations);
  if (!numbers.ok()) {
    return Usage(verb, std::string(numbers.status().message()));
  }
  const auto session = OpenSession(flags);
  if (!session.ok()) return Fail(verb, session.status());
  const ResidentView* view = (*session)->desk->view();
  if (view == nullptr) return kExitUnusable;
  if (numbers->empty()) {
    for (const ChainView& chain : view->chains) {
      if (!chain.standing.keys.empty()) {
        numbers->push_back(chain.administration);
      }
    }
  }
  std::vector<v1::KeyRequestChain> chains;
  const std::vector<std::string> own = (*session)->desk->OwnKeys();
  for (const uint32_t number : *numbers) {
    const auto standing =
        (*session)->desk->Standing(number, /*only_restrains=*/false);
    if (!standing.ok()) return Fail(verb, standing.status());
    const bool has_key =
        std::any_of(standing->keys.begin(), standing->keys.end(),
                    [](const StandingKey& key) { return !key.delegate; });
    if (!recovery && has_key) {
      return Fail(
          verb, absl::FailedPreconditionError(absl::StrCat(
                    "the chain with ",
                    number == kSelf ? "yourself" : absl::StrCat("#", number),
                    " knows a key of yours already; that one can bring another "
                    "(wallet add), or wallet recover makes a new one")));
    }
    v1::KeyRequestChain& chain = chains.emplace_back();
    chain.set_administration(number);
    chain.set_sequence(standing->next.sequence);
    chain.set_previous(standing->next.previous);
  }
  if (chains.empty()) {
    return Fail(verb, absl::FailedPreconditionError(
                          "no chain knows a key of yours, so there is nothing "
                          "to recover; vidimus wallet request"));
  }
  Wallet* wallet = (*session)->wallet.get();
  if (recovery) {
    const auto key = wallet->AddKey(name, /*recovery=*/true, NowMs() / 1000);
    if (!key.ok()) return Fail(verb, key.status());
    std::printf(
        "Once it is filed, the key can withdraw, forbid, object and dispute "
        "at once. For all\nelse it waits %d hours by the log's seals.\n",
        static_cast<int>(view->recovery_s / 3600));
  }
  if (wallet->state().key().empty()) {
    return Fail(verb, absl::FailedPreconditionError(
                          "the wallet has no key; vidimus wallet recover"));
  }
  return WriteRequest(verb, flags.language, out, wallet,
                      *wallet->state().key().rbegin(), recovery, chains);
}

int FileMain(const std::vector<std::string>& arguments) {
  const std::string verb = "wallet file";
  WalletFlags flags;
  std::vector<std::string> files;
  CommandLine line("wallet file STATEMENTS [flags]",
                   "Files what an identity service signed for you, so that "
                   "the log knows your key.");
  flags.AddTo(&line, /*says=*/false);
  line.Require({"server", "token-file", "vkey"});
  line.Operands(1, 1, &files);
  line.Epilogue(kConsentExit);
  if (const auto exit_code = line.Parse(arguments)) return *exit_code;
  const auto json = ReadFile(files[0], kFileBytesMax);
  if (!json.ok()) return Fail(verb, json.status());
  v1::KeyStatements statements;
  const absl::Status read = FromJson(*json, &statements);
  if (!read.ok()) return Fail(verb, Annotate(read, files[0]));
  const auto session = OpenSession(flags);
  if (!session.ok()) return Fail(verb, session.status());
  const auto pending = TakeKeyStatements(
      statements, (*session)->wallet->family(), (*session)->wallet->subject(),
      (*session)->desk->OwnKeys());
  if (!pending.ok()) return Fail(verb, pending.status());
  v1::Record record;
  v1::Statement said;
  if (!record.ParseFromString(pending->entry(0).record()) ||
      !said.ParseFromString(record.statement().statement())) {
    return Fail(verb, absl::InvalidArgumentError("not a statement"));
  }
  return Tell(
      verb, flags.language, (*session)->desk->FileSigned(*pending), said,
      {pending->administration().begin(), pending->administration().end()},
      (*session)->desk.get());
}

int ShowMain(const std::vector<std::string>& arguments) {
  const std::string verb = "wallet show";
  WalletFlags flags;
  CommandLine line("wallet show [flags]",
                   "The keys of the wallet, and which chains knew them when "
                   "that was last looked at.\nNeeds no network; consent list "
                   "looks.");
  flags.AddWallet(&line);
  if (const auto exit_code = line.Parse(arguments)) return *exit_code;
  const auto folder = flags.WalletFolder();
  if (!folder.ok()) return Fail(verb, folder.status());
  const auto families = Wallet::Families(*folder);
  if (absl::IsNotFound(families.status())) {
    return Fail(verb,
                absl::NotFoundError(absl::StrCat(
                    *folder, ": no wallet; vidimus wallet init makes one")));
  }
  if (!families.ok()) return Fail(verb, families.status());
  std::printf("%s\n", folder->c_str());
  for (const std::string& family : *families) {
    const auto wallet = Wallet::Open(*folder, family);
    if (!wallet.ok()) return Fail(verb, wallet.status());
    const v1::WalletState& state = (*wallet)->state();
    const auto pending = (*wallet)->Pending();
    if (!pending.ok()) return Fail(verb, pending.status());
    std::printf("\nLogs of %s\n", Printable(family).c_str());
    for (const v1::WalletKey& key : state.key()) {
      std::printf("  key %s  made %s%s%s\n      public %s\n",
                  KeyFingerprint(key.public_key()).c_str(),
                  UtcText(key.made_at_s()).c_str(),
                  key.recovery() ? ", to recover" : "",
                  key.name().empty()
                      ? ""
                      : absl::StrCat(", ", Printable(key.name())).c_str(),
                  HexEncode(key.public_key()).c_str());
      bool known = false;
      for (const v1::WalletChain& chain : state.chain()) {
        for (const v1::WalletChainKey& in_chain : chain.key()) {
          if (in_chain.public_key() != key.public_key()) continue;
          known = true;
          std::string standing = "signs";
          if (in_chain.revoked()) {
            standing = "revoked";
          } else if (in_chain.full_from_s() > NowMs() / 1000) {
            standing =
                absl::StrCat("waits until ", UtcText(in_chain.full_from_s()),
                             "; can withdraw and forbid");
          }
          std::printf("      %s: %s (id %s; seen %s)\n",
                      chain.administration() == kSelf
                          ? "self"
                          : absl::StrCat("#", chain.administration()).c_str(),
                      standing.c_str(),
                      HexEncode(in_chain.key_id()).substr(0, 12).c_str(),
                      UtcText(chain.seen_at_s()).c_str());
        }
      }
      if (!known) std::printf("      no chain knows it yet\n");
    }
    if (!pending->empty()) {
      std::printf("  signed, and not in the log yet: %d\n",
                  static_cast<int>(pending->size()));
    }
  }
  return kExitTrue;
}

// `wallet add`, `delegate`, `alias`: what has a chain or several to go to.
int KeyEventMain(const std::string& event,
                 const std::vector<std::string>& arguments) {
  const std::string verb = "wallet " + event;
  WalletFlags flags;
  ScopeFlags scope;
  std::vector<std::string> administrations, keys;
  std::string name, relation, subject_file;
  const bool alias = event == "alias", delegate = event == "delegate";
  CommandLine line(
      absl::StrCat(verb, alias ? " --subject_file FILE" : " PUBLIC_KEY",
                   delegate ? " --until DATE" : "",
                   " --administration N [flags]"),
      alias      ? "Says that you have, or had, another id."
      : delegate ? "Lets somebody else speak for you, for a time: grant, "
                   "withdraw, forbid."
                 : "Makes the key of another device of yours known, by one "
                   "that is known already.");
  line.Texts("administration", "N",
             "in whose chains (self: your own); may stand several times",
             &administrations);
  if (alias) {
    line.Text("subject_file", "FILE",
              "the other id: number of the scheme, a space, the id (0600)",
              &subject_file);
  } else {
    line.Text("name", "TEXT", "of the key, for you", &name);
    line.Operands(1, 1, &keys);
  }
  if (delegate) {
    scope.AddTo(&line, "; none means all");
    line.Text("relation", "TEXT", "such as guardian", &relation);
  }
  flags.AddTo(&line, /*says=*/true);
  std::vector<std::string> required = {"server", "token-file", "vkey",
                                       "administration"};
  if (alias) required.push_back("subject_file");
  if (delegate) required.push_back("until");
  line.Require(required);
  line.Epilogue(kConsentExit);
  if (const auto exit_code = line.Parse(arguments)) return *exit_code;
  const auto chains = ReadNumbers(administrations);
  if (!chains.ok()) return Usage(verb, std::string(chains.status().message()));
  v1::Statement said;
  if (alias) {
    const auto subject = ReadSubjectFile(subject_file);
    if (!subject.ok()) return Fail(verb, subject.status());
    said.mutable_alias()->set_subject(*subject);
  } else {
    const auto public_key = ReadPublicKey(keys[0]);
    if (!public_key.ok()) {
      return Usage(verb, std::string(public_key.status().message()));
    }
    v1::Key* key = delegate ? said.mutable_delegate()->mutable_key()
                            : said.mutable_key_add();
    key->set_kind(v1::ED25519);
    key->set_public_key(*public_key);
    if (!name.empty()) key->set_name(name);
  }
  if (delegate) {
    const auto until_s = ReadDate(scope.until, "until");
    if (!until_s.ok()) {
      return Usage(verb, std::string(until_s.status().message()));
    }
    said.mutable_delegate()->set_until_s(*until_s);
    ScopeFlags within = scope;
    within.until.clear();
    v1::Scope filled;
    const absl::Status status = within.Fill(&filled);
    if (!status.ok()) return Usage(verb, std::string(status.message()));
    if (filled.ByteSizeLong() > 0) {
      *said.mutable_delegate()->mutable_scope() = filled;
    }
    if (!relation.empty()) said.mutable_delegate()->set_relation(relation);
  }
  const auto session = OpenSession(flags);
  if (!session.ok()) return Fail(verb, session.status());
  return SayIt(verb, session->get(), flags, said, *chains);
}

int RevokeMain(const std::vector<std::string>& arguments) {
  const std::string verb = "wallet revoke";
  WalletFlags flags;
  std::vector<std::string> fingerprints;
  std::string lost;
  CommandLine line("wallet revoke FINGERPRINT [flags]",
                   "Ends a key, in every chain that knows it; consents that "
                   "it signed end with it.\nA lost key is ended by another "
                   "one of yours.");
  line.Text("lost", "DATE", "when it was lost, if you know", &lost);
  flags.AddTo(&line, /*says=*/true);
  line.Require({"server", "token-file", "vkey"});
  line.Operands(1, 1, &fingerprints);
  line.Epilogue(kConsentExit);
  if (const auto exit_code = line.Parse(arguments)) return *exit_code;
  uint64_t lost_s = 0;
  if (!lost.empty()) {
    const auto read = ReadDate(lost, "lost");
    if (!read.ok()) return Usage(verb, std::string(read.status().message()));
    lost_s = *read;
  }
  const auto session = OpenSession(flags);
  if (!session.ok()) return Fail(verb, session.status());
  const ResidentView* view = (*session)->desk->view();
  if (view == nullptr) return kExitUnusable;
  // A key has one id in all chains that one statement brought it to.
  std::map<std::string, std::vector<uint32_t>> by_id;
  for (const ChainView& chain : view->chains) {
    for (const StandingKey& key : chain.standing.keys) {
      if (!key.revoked && KeyFingerprint(key.public_key) == fingerprints[0]) {
        by_id[key.key_id].push_back(chain.administration);
      }
    }
  }
  if (by_id.empty()) {
    return Fail(
        verb, absl::NotFoundError("no chain knows a key with this fingerprint; "
                                  "consent list and wallet show have them"));
  }
  int exit_code = kExitTrue;
  for (const auto& [key_id, chains] : by_id) {
    v1::Statement said;
    said.mutable_key_revoke()->set_key_id(key_id);
    if (lost_s > 0) said.mutable_key_revoke()->set_lost_at_ms(lost_s * 1000);
    const std::vector<uint32_t> reachable = Reachable(**session, said, chains);
    if (reachable.size() < chains.size()) {
      exit_code = std::max(exit_code, kExitFalse);
    }
    if (reachable.empty()) continue;
    exit_code = std::max(exit_code,
                         SayIt(verb, session->get(), flags, said, reachable));
  }
  return exit_code;
}

// --- identity ----------------------------------------------------------------

int SignMain(const std::vector<std::string>& arguments) {
  const std::string verb = "identity sign";
  std::string key_file, family, subject_file;
  uint64_t number = 0;
  std::vector<std::string> files;
  CommandLine line(
      "identity sign --key FILE --number N REQUEST > STATEMENTS",
      "For an identity service of a log's register, after it has made sure "
      "who asks: signs a\nresident's key request, once for each chain.");
  line.Text("key", "FILE",
            "the service's key: 64 hexadecimal digits and a line feed (0600)",
            &key_file);
  line.Number("number", "N", "the service's number in the register", 0,
              kRegisterNumberMax, &number);
  line.Text("family", "NAME", "refuse requests for other logs", &family);
  line.Text("subject_file", "FILE",
            "who was identified: the number of the id scheme, a space, and "
            "the id (0600); a request for somebody else is refused",
            &subject_file);
  line.Require({"key", "number"});
  line.Operands(1, 1, &files);
  line.Epilogue(
      "Exit: 0 signed, 2 refused, 64 the command line makes no sense.");
  if (const auto exit_code = line.Parse(arguments)) return *exit_code;
  const auto json = ReadFile(files[0], kFileBytesMax);
  if (!json.ok()) return Fail(verb, json.status());
  v1::KeyRequest request;
  const absl::Status read = FromJson(*json, &request);
  if (!read.ok()) return Fail(verb, Annotate(read, files[0]));
  std::string subject;
  if (!subject_file.empty()) {
    const auto identified = ReadSubjectFile(subject_file);
    if (!identified.ok()) return Fail(verb, identified.status());
    subject = *identified;
  }
  auto seed = ReadKeyFile(key_file);
  if (!seed.ok()) return Fail(verb, seed.status());
  const Ed25519Signer signer(*seed);
  WipeBytes(&*seed);
  const auto statements = SignRequested(request, family, subject,
                                        static_cast<uint32_t>(number), signer);
  if (!statements.ok()) return Fail(verb, statements.status());
  const auto out = ToJson(*statements);
  if (!out.ok()) return Fail(verb, out.status());
  std::printf("%s\n", out->c_str());
  std::fprintf(stderr, "Signed: %s key %s, %d chains%s.\n",
               request.recovery() ? "recovery by" : "first",
               KeyFingerprint(request.public_key()).c_str(),
               statements->record_size(),
               subject.empty()
                   ? "; not compared with who was identified (--subject_file)"
                   : "");
  return kExitTrue;
}

int Words(const char* help, const std::vector<std::string>& arguments) {
  const bool asked =
      !arguments.empty() && (arguments[0] == "--help" || arguments[0] == "-h");
  std::fprintf(asked ? stdout : stderr, "%s", help);
  return asked ? kExitTrue : kExitUsage;
}

constexpr char kConsentHelp[] =
    R"(vidimus consent grant      yes, to a use of your data
vidimus consent withdraw   no longer; with any key of yours
vidimus consent prohibit   no, but for a law that goes above that
vidimus consent object     against what law allows (GDPR, Article 21)
vidimus consent prefer     a wish that binds nobody
vidimus consent dispute    this entry is wrong
vidimus consent list       what you have said, and whether it counts
vidimus consent receipt    a consent as a receipt of ISO/IEC TS 27560
vidimus consent import     a consent out of such a receipt

vidimus consent WORD --help tells what it takes.
)";

constexpr char kWalletHelp[] =
    R"(vidimus wallet init        a first key, and a request to an identity service
vidimus wallet request     the same key in more chains
vidimus wallet file        file what the identity service signed
vidimus wallet show        keys, and which chains know them
vidimus wallet add         another device's key
vidimus wallet recover     a new key for lost ones
vidimus wallet revoke      end a key
vidimus wallet delegate    let somebody else speak for you
vidimus wallet alias       you have another id

vidimus wallet WORD --help tells what it takes.
)";

constexpr char kIdentityHelp[] =
    R"(vidimus identity sign      for an identity service: make a resident's key theirs

vidimus identity sign --help tells what it takes.
)";

}  // namespace

int ConsentMain(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return Words(kConsentHelp, arguments);
  const std::string& word = arguments[0];
  const std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
  if (word == "grant" || word == "prohibit" || word == "object" ||
      word == "prefer") {
    return ScopeMain(word, rest);
  }
  if (word == "withdraw") return WithdrawMain(rest);
  if (word == "dispute") return DisputeMain(rest);
  if (word == "list") return ListMain(rest);
  if (word == "receipt") return ReceiptOutMain(rest);
  if (word == "import") return ImportMain(rest);
  return Words(kConsentHelp, arguments);
}

int WalletMain(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return Words(kWalletHelp, arguments);
  const std::string& word = arguments[0];
  const std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
  if (word == "init") return InitMain(rest);
  if (word == "request") return RequestMain(/*recovery=*/false, rest);
  if (word == "recover") return RequestMain(/*recovery=*/true, rest);
  if (word == "file") return FileMain(rest);
  if (word == "show") return ShowMain(rest);
  if (word == "add" || word == "delegate" || word == "alias") {
    return KeyEventMain(word, rest);
  }
  if (word == "revoke") return RevokeMain(rest);
  return Words(kWalletHelp, arguments);
}

int IdentityMain(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && arguments[0] == "sign") {
    return SignMain({arguments.begin() + 1, arguments.end()});
  }
  return Words(kIdentityHelp, arguments);
}

}  // namespace vidimus
