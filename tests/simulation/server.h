// One process that serves the log, on a machine that it may share with another:
// disk and rows outlive it. Between the log and what it stands on lie seams
// that fail when told to, that let the process die in the middle of a step, and
// that show every signature to the history.
//
// One thread: everything happens within the calls.
#ifndef VIDIMUS_TESTS_SIMULATION_SERVER_H_
#define VIDIMUS_TESTS_SIMULATION_SERVER_H_

#include <prometheus/registry.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "log/clock.h"
#include "log/log.h"
#include "log/memory_storage.h"
#include "log/signing_lock.h"
#include "log/storage.h"
#include "log/submit_service.h"
#include "log/worker_pool.h"
#include "tests/power_loss/sim_disk.h"
#include "tests/simulation/history.h"
#include "verifier/signing.h"

namespace vidimus {

// What breaks a log on purpose, for tests of the simulation itself: each takes
// a part that works and gives back one that is wrong. Empty: nothing is.
struct Mutation {
  std::function<std::unique_ptr<Storage>(std::unique_ptr<Storage>)> storage;
  std::function<std::unique_ptr<SigningLock>(std::unique_ptr<SigningLock>,
                                             Storage*)>
      lock;
  std::function<std::unique_ptr<Disk>(Disk*)> disk;
};

// Where a fault falls.
enum class FaultPlace { kDisk, kCommit, kRead, kSigner };

// The next failure of a process: the call at `place` that comes after
// `calls_before` others fails.
struct Fault {
  FaultPlace place = FaultPlace::kDisk;
  int calls_before = 0;
  // It did its work and failed all the same.
  bool kept = false;
  // Nothing works in this process from then on.
  bool dies = false;
};

class Server {
 public:
  // What all processes of the log share; it outlives them.
  struct World {
    SimDisk* disk;
    MemoryRows* rows;
    Clock* clock;
    Random* random;
    const NoteSigner* signer;
    SignedHistory* history;
    const Mutation* mutation;
    std::string id_key, vault_key, label_key;
    LogOptions options;
    // Called before and after each commit that reaches the rows: time for
    // another process to do something.
    std::function<void()> interrupt;
    // Told what the history found wrong.
    std::function<void(const absl::Status&)> report;
  };
  struct Files {
    std::string lock, ids_folder, vault_folder, index_folder;
  };

  explicit Server(const World& world);
  ~Server();

  // Starts to serve. What Log::Open says, or OpenSigningLock.
  absl::Status Open(const Files& files);

  void SetFault(const Fault& fault);
  // Whether a fault has befallen this process: then it may fail and stop.
  bool faulted() const;

  // Null before Open was OK.
  Log* log() { return log_.get(); }
  SubmitService& service() { return *service_; }
  Storage* storage() { return storage_.get(); }
  // Whether it stands at the newest head of the rows: otherwise another process
  // has moved it.
  bool at_newest_head();

 private:
  class State;
  class FaultyDisk;
  class FaultyStorage;
  class WatchedSigner;

  const World& world_;
  std::unique_ptr<State> state_;
  std::unique_ptr<Disk> disk_, mutant_disk_;
  std::unique_ptr<Storage> storage_;
  std::unique_ptr<SigningLock> lock_;
  std::unique_ptr<NoteSigner> signer_;
  std::unique_ptr<prometheus::Registry> registry_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<WorkerPool> workers_;
  std::unique_ptr<SubmitService> service_;
};

}  // namespace vidimus

#endif  // VIDIMUS_TESTS_SIMULATION_SERVER_H_
