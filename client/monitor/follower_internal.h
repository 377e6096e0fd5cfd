// A follower that is watched as it writes: for tests of what a crash leaves.
#ifndef VIDIMUS_CLIENT_MONITOR_FOLLOWER_INTERNAL_H_
#define VIDIMUS_CLIENT_MONITOR_FOLLOWER_INTERNAL_H_

#include <memory>

#include "absl/status/statusor.h"
#include "client/fetcher.h"
#include "client/monitor/follower.h"
#include "client/monitor/state_folder.h"

namespace vidimus {

// As Follower::Open.
absl::StatusOr<std::unique_ptr<Follower>> OpenFollower(
    FollowerOptions options, std::unique_ptr<Fetcher> fetcher,
    DurableStepWatcher watcher);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_MONITOR_FOLLOWER_INTERNAL_H_
