#include "client/line_format.h"

#include <google/protobuf/util/json_util.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/json_value.h"
#include "proto/record.pb.h"
#include "proto/status.h"
#include "verifier/crypto.h"
#include "verifier/record.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

std::string_view Std(absl::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

class OpaqueFormat : public LineFormat {
 public:
  explicit OpaqueFormat(const std::string& id_key) : id_key_(id_key) {}

  absl::StatusOr<Draft> Read(absl::string_view line) const override {
    if (line.empty()) return absl::InvalidArgumentError("empty line");
    if (line.size() > kEntryBytesMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("line of ", line.size(), " bytes; an entry has at most ",
                       kEntryBytesMax));
    }
    Draft draft;
    draft.id = EntryIdOf(id_key_, line);
    draft.data = std::string(line);
    return draft;
  }

 private:
  const std::string id_key_;
};

class RecordFormat : public LineFormat {
 public:
  explicit RecordFormat(const AccessContext& context) : context_(context) {}

  absl::StatusOr<Draft> Read(absl::string_view line) const override {
    ASSIGN_OR_RETURN(const Json document, ParseJson(line));
    if (document.kind != Json::Kind::kObject) {
      return absl::InvalidArgumentError("not a JSON object");
    }
    for (const auto& [name, value] : document.members) {
      if (name != "access" && name != "actor") {
        return absl::InvalidArgumentError(
            "a member other than \"access\" and \"actor\"");
      }
    }
    const Json* access = document.Find("access");
    if (access == nullptr) {
      return absl::InvalidArgumentError("no member \"access\"");
    }
    v1::Record record;
    RETURN_IF_ERROR(Parse(*access, "access", record.mutable_access()));
    v1::Actor actor;
    if (const Json* who = document.Find("actor")) {
      RETURN_IF_ERROR(Parse(*who, "actor", &actor));
    }

    Draft draft;
    v1::AccessRecord& fields = *record.mutable_access();
    if (!fields.has_entry_id()) {
      draft.id = EntryIdOf(context_.id_key, CanonicalJson(document));
      fields.set_entry_id(draft.id.data(), draft.id.size());
    } else if (!EntryIdFromBytes(fields.entry_id(), &draft.id)) {
      return absl::InvalidArgumentError("entryId is not 16 bytes");
    }
    if (!fields.has_administration()) {
      fields.set_administration(context_.administration);
    } else if (fields.administration() != context_.administration) {
      return absl::InvalidArgumentError(
          "administration is another than the one that submits");
    }
    if (!fields.has_as_of()) {
      fields.mutable_as_of()->set_origin(context_.origin);
      fields.mutable_as_of()->set_size(context_.head_size());
    }
    if (!fields.has_occurred_at_ms() && context_.occurred_at_ms != 0) {
      fields.set_occurred_at_ms(context_.occurred_at_ms);
    }
    draft.record = record.SerializeAsString();
    draft.actor = actor.SerializeAsString();
    return draft;
  }

 private:
  static absl::Status Parse(const Json& json, absl::string_view what,
                            google::protobuf::Message* message) {
    // protobuf's own message would quote the input.
    const auto status = google::protobuf::util::JsonStringToMessage(
        CanonicalJson(json), message);
    if (status.ok()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("\"", what,
                     "\" has a field that proto/record.proto does not have, "
                     "or a value of another type"));
  }

  const AccessContext context_;
};

// Judges every access at our own door, as the log will at its.
class JudgedFormat : public LineFormat {
 public:
  explicit JudgedFormat(std::unique_ptr<LineFormat> inner)
      : inner_(std::move(inner)) {}

  absl::StatusOr<Draft> Read(absl::string_view line) const override {
    ASSIGN_OR_RETURN(Draft draft, inner_->Read(line));
    AccessRecord access;
    const char* field = nullptr;
    const Finding finding = ParseAccess(Std(draft.record), &access, &field);
    if (finding == Finding::kOk) return draft;
    return absl::InvalidArgumentError(
        absl::StrCat(FindingSentence(finding), field == nullptr ? "" : ": ",
                     field == nullptr ? "" : field));
  }

 private:
  const std::unique_ptr<LineFormat> inner_;
};

}  // namespace

EntryId EntryIdOf(absl::string_view id_key, absl::string_view canonical) {
  const Hash hash = HmacSha256(Std(id_key), {Std(canonical)});
  EntryId id;
  EntryIdFromBytes({reinterpret_cast<const char*>(hash.data()), kEntryIdBytes},
                   &id);
  return id;
}

std::unique_ptr<LineFormat> NewOpaqueFormat(const std::string& id_key) {
  return std::make_unique<OpaqueFormat>(id_key);
}

std::unique_ptr<LineFormat> NewJudgedFormat(std::unique_ptr<LineFormat> inner) {
  return std::make_unique<JudgedFormat>(std::move(inner));
}

std::unique_ptr<LineFormat> NewRecordFormat(const AccessContext& context) {
  return NewJudgedFormat(std::make_unique<RecordFormat>(context));
}

}  // namespace vidimus
