#include "client/consent_log.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "client/receipt.h"
#include "proto/bundle.pb.h"
#include "proto/status.h"
#include "verifier/chain_history.h"
#include "verifier/es256.h"
#include "verifier/proven_register.h"
#include "verifier/register.h"

namespace vidimus {
namespace {

// As the log's limit.
constexpr size_t kEntriesEach = 64;

std::string Str(std::string_view text) { return std::string(text); }

std::string FirstLine(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

void TakeNames(const std::vector<LocalizedText>& texts,
               const std::function<void(Names*, std::string)>& put,
               std::map<std::string, Names>* names) {
  for (const char* language : {"sv", "fi", "en"}) {
    const LocalizedText* best = texts.empty() ? nullptr : &texts[0];
    for (const LocalizedText& text : texts) {
      if (text.language == language) best = &text;
    }
    if (best != nullptr) put(&(*names)[language], Str(best->text));
  }
}

// What the register calls things, by the newest version of each.
void TakeRegister(const ProvenRegister& proven, ResidentView* view) {
  for (uint32_t number = 0; number < proven.administrations.size(); ++number) {
    const Administration& newest =
        proven.administrations[number].back().administration;
    view->organisations.push_back(Str(newest.organisation_id));
    TakeNames(
        newest.names,
        [&](Names* names, std::string name) {
          names->administrations[number] = std::move(name);
        },
        &view->names);
  }
  view->administrations = static_cast<uint32_t>(view->organisations.size());
  // In the order in which they stand in the log: later versions last.
  for (const ProvenDocument& document : proven.documents) {
    if (document.id.type == RegisterType::kPurpose) {
      Purpose purpose;
      if (ParsePurpose(document.message, &purpose, nullptr) == Finding::kOk) {
        TakeNames(
            purpose.names,
            [&](Names* names, std::string name) {
              names->purposes[Str(purpose.term)] = std::move(name);
            },
            &view->names);
      }
    } else if (document.id.type == RegisterType::kCategory) {
      Category category;
      if (ParseCategory(document.message, &category, nullptr) == Finding::kOk) {
        TakeNames(
            category.names,
            [&](Names* names, std::string name) {
              names->categories[Str(category.term)] = std::move(name);
            },
            &view->names);
      }
    }
  }
}

class DoorLog : public ConsentLog {
 public:
  DoorLog(ResidentDoor* door, const ResidentOptions* options)
      : door_(door), options_(options), heads_(options->log_key) {}

  absl::StatusOr<std::unique_ptr<ResidentView>> Look() override {
    ResidentCheck check = CheckResident(door_, *options_);
    if (check.bundle.empty()) {
      const std::string why = FirstLine(check.text);
      if (check.exit_code == kExitFalse) return absl::DataLossError(why);
      return absl::UnavailableError(why);
    }
    auto view = std::make_unique<ResidentView>();
    view->bundle = std::move(check.bundle);
    const Finding finding = JudgeChainBundle(view->bundle, options_->log_key,
                                             options_->monitors, &view->report);
    if (finding != Finding::kOk) {
      return absl::DataLossError(FirstLine(check.text));
    }
    const ChainsReport& report = view->report;
    if (check.exit_code == kExitFalse) view->warning = FirstLine(check.text);
    view->origin = Str(report.checkpoint.origin);
    view->subject = Str(report.subject);
    view->head_time_s = report.seal_time_s;
    view->recovery_s = LimitsOf(report.proven_register.config).recovery_s;
    TakeRegister(report.proven_register, view.get());
    for (const ChainReport& chain : report.chains) {
      view->chains.push_back(View(report, chain));
    }
    v1::ChainBundle bundle;
    if (!bundle.ParseFromString(view->bundle)) {
      return absl::InternalError("a bundle that was judged can't be read");
    }
    RETURN_IF_ERROR(heads_.Admit(bundle.checkpoint(), 0).status());
    return view;
  }

  absl::Status File(const std::vector<v1::Entry>& entries) override {
    for (size_t first = 0; first < entries.size(); first += kEntriesEach) {
      v1::FileStatementsRequest request;
      request.set_origin(options_->log_key.name);
      v1::SubmitRequest same;
      for (size_t i = first; i < std::min(entries.size(), first + kEntriesEach);
           ++i) {
        *request.add_entries() = entries[i];
        *same.add_entries() = entries[i];
      }
      Expectation expectation = ExpectationOf(same);
      expectation.size_min = heads_.size();
      ASSIGN_OR_RETURN(const v1::FileStatementsResponse answer,
                       door_->FileStatements(request));
      v1::SubmitResponse response;
      response.set_checkpoint(answer.checkpoint());
      *response.mutable_leaf_index() = answer.leaf_index();
      response.set_proof(answer.proof());
      *response.mutable_placed() = answer.placed();
      RETURN_IF_ERROR(
          CheckReceipt(response, expectation, /*paths=*/false, &heads_)
              .status());
    }
    return absl::OkStatus();
  }

 private:
  static ChainView View(const ChainsReport& report, const ChainReport& chain) {
    ChainView view;
    view.administration = chain.administration;
    if (chain.finding != Finding::kOk) {
      view.gap = FindingSentence(chain.finding);
      return view;
    }
    const HistoryGap gap = AddToHistory(report, chain, &view.history);
    if (gap.finding != Finding::kOk) {
      view.gap = FindingSentence(gap.finding);
      return view;
    }
    std::vector<RegisterIndex> registers;
    for (const HistoryLog& log : view.history.logs) registers.emplace_back(log);
    view.statements =
        JudgeStatements(view.history, registers, Es256VerifyNative);
    view.standing = StandingOf(view.history, view.statements);
    return view;
  }

  ResidentDoor* const door_;
  const ResidentOptions* const options_;
  HeadKeeper heads_;
};

}  // namespace

const ChainView* ResidentView::Find(uint32_t administration) const {
  for (const ChainView& chain : chains) {
    if (chain.administration == administration) return &chain;
  }
  return nullptr;
}

Names ResidentView::NamesIn(absl::string_view language) const {
  const auto found = names.find(std::string(language));
  return found == names.end() ? Names() : found->second;
}

std::unique_ptr<ConsentLog> NewConsentLog(ResidentDoor* door,
                                          const ResidentOptions* options) {
  return std::make_unique<DoorLog>(door, options);
}

}  // namespace vidimus
