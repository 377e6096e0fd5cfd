#include "client/access.h"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/client.h"
#include "client/command_line.h"
#include "client/door.h"
#include "client/gateway.h"
#include "client/line_format.h"
#include "client/line_reader.h"
#include "client/random.h"
#include "proto/record.pb.h"
#include "proto/status.h"
#include "verifier/hash.h"

namespace vidimus {
namespace {

struct Flags {
  DoorFlags door;
  std::string folder, reason, language = "en";
  std::vector<std::string> also;
  bool queue = false;
};

constexpr char kAbout[] =
    "Reads one access from standard input ({\"access\": ..., \"actor\": ...} "
    "after\nproto/record.proto, one line), asks the log first, records it, and "
    "only then says\n\"released\". What stands there of entryId, "
    "administration, "
    "occurredAt, asOf and\nemergency is filled in anew.";

constexpr char kEpilogue[] =
    "Exit: 0 released, 1 refused (it would be a violation, or against the "
    "resident's wish),\n2 it could not be asked or recorded, 3 the log's "
    "answer is wrong, 64 the command line\nmakes no sense. Nothing but 0 is a "
    "release.\n\n"
    "  vidimus access --log localhost:8444 --vkey D/log.vkey --as D/tls/0 "
    "\\\n    --gateway ~/.gateway <access.json";

// The access in a line.
absl::StatusOr<GatewayAccess> ReadAccess(const Door& door) {
  AccessContext context;
  context.origin = door.log_key.name;
  context.administration = door.administration;
  context.id_key = RandomBytes(kHashBytes);
  // Both are filled in anew by the gateway.
  context.head_size = [] { return uint64_t{2}; };
  context.occurred_at_ms = 1;
  LineReader reader(stdin);
  absl::string_view line;
  bool too_long = false;
  if (!reader.Next(&line, &too_long) || too_long || line.empty()) {
    return absl::InvalidArgumentError(
        "standard input: expected one access, in one line of JSON");
  }
  ASSIGN_OR_RETURN(const Draft draft, NewRecordFormat(context)->Read(line));
  v1::Record record;
  GatewayAccess access;
  if (!record.ParseFromString(draft.record) ||
      !access.actor.ParseFromString(draft.actor)) {
    return absl::InternalError("the access does not parse as it was written");
  }
  access.access = record.access();
  return access;
}

bool Also(const Flags& flags, const Verdict& verdict) {
  for (const std::string& name : flags.also) {
    if (name == HeadlineName(verdict.headline)) return true;
  }
  return verdict.Fine();
}

int ExitOf(const GatewayOutcome& outcome) {
  if (outcome.released) return kExitTrue;
  if (absl::IsDataLoss(outcome.status)) return kExitLied;
  return absl::IsPermissionDenied(outcome.status) && outcome.judged
             ? kExitFalse
             : kExitUnusable;
}

void Tell(const GatewayOutcome& outcome) {
  if (outcome.released && outcome.queued) {
    std::printf("released: break-glass; the record waits to go to the log\n");
  } else if (outcome.released) {
    std::printf("released: %s; leaf %llu, entry %llu of the chain\n",
                HeadlineName(outcome.verdict.headline),
                static_cast<unsigned long long>(outcome.leaf_index),
                static_cast<unsigned long long>(outcome.chain_index));
  } else {
    const bool refused =
        absl::IsPermissionDenied(outcome.status) && outcome.judged;
    std::printf("%s: %s%s\n", refused ? "refused" : "not released",
                std::string(outcome.status.message()).c_str(),
                outcome.recorded ? " (and yet it stands in the log)" : "");
  }
}

absl::StatusOr<int> Run(const Flags& flags) {
  ASSIGN_OR_RETURN(const Door door, OpenDoor(flags.door));
  const std::unique_ptr<GatewayDoor> gateway_door =
      NewGrpcGatewayDoor(door.channel);
  GatewayOptions options;
  options.administration = door.administration;
  options.folder = flags.folder;
  options.policy = [&](const Verdict& verdict) { return Also(flags, verdict); };
  options.retry_ms = 0;
  ASSIGN_OR_RETURN(const std::unique_ptr<Gateway> gateway,
                   Gateway::Open(options, door.log_key, gateway_door.get(),
                                 door.signer.get()));
  if (flags.queue) {
    RETURN_IF_ERROR(gateway->SubmitQueued());
    std::printf("nothing waits\n");
    return gateway->counts().given_up > 0 ? kExitFalse : kExitTrue;
  }
  ASSIGN_OR_RETURN(const GatewayAccess access, ReadAccess(door));
  const auto release = [] {};
  const GatewayOutcome outcome =
      flags.reason.empty()
          ? gateway->RecordThenRelease(access, release)
          : gateway->BreakGlass(access, flags.reason, flags.language, release);
  Tell(outcome);
  std::fflush(stdout);
  if (outcome.queued) {
    const absl::Status brought = gateway->SubmitQueued();
    std::printf(
        "%s\n",
        brought.ok()
            ? "recorded: as an emergency"
            : absl::StrCat("not recorded yet: ", brought.message()).c_str());
  }
  return ExitOf(outcome);
}

}  // namespace

int AccessMain(const std::vector<std::string>& arguments) {
  Flags flags;
  CommandLine line(
      "access --log HOST:PORT --vkey FILE --as DIR --gateway DIR [flags]",
      kAbout);
  flags.door.AddTo(&line);
  line.Text("gateway", "DIR",
            "state: the queue of break-glass, chains as last seen, the newest "
            "head; made if it is not there; one process at a time",
            &flags.folder);
  line.Texts("allow", "VERDICT",
             "release under this verdict too, such as \"against wish\" for a "
             "duty laid down by law, or \"stale\" on a quiet log; may stand "
             "several times",
             &flags.also);
  line.Text("break-glass", "REASON",
            "release at once and record later; the resident sees the reason, "
            "in red",
            &flags.reason);
  line.Text("language", "CODE", "of that reason (default en)", &flags.language);
  line.Switch("submit-queue",
              "ask nothing: bring to the log what break-glass left waiting",
              &flags.queue);
  line.Require({"log", "vkey", "gateway"});
  line.Epilogue(kEpilogue);
  if (const std::optional<int> exit_code = line.Parse(arguments)) {
    return *exit_code;
  }
  const absl::StatusOr<int> done = Run(flags);
  if (done.ok()) return *done;
  std::fprintf(stderr, "vidimus access: %s\n",
               std::string(done.status().message()).c_str());
  return absl::IsDataLoss(done.status()) ? kExitLied : kExitUnusable;
}

}  // namespace vidimus
