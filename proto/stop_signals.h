// SIGTERM and SIGINT for a server: waited for by one thread, seen by no other.
#ifndef VIDIMUS_PROTO_STOP_SIGNALS_H_
#define VIDIMUS_PROTO_STOP_SIGNALS_H_

#include <signal.h>
#include <unistd.h>

namespace vidimus {

// The signals are blocked in the thread that makes this and in every one that
// is begun after it; SIGPIPE is ignored. Once in a process.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    signal(SIGPIPE, SIG_IGN);
  }

  // Returns when one of them has come.
  void Wait() {
    int signal;
    sigwait(&signals_, &signal);
  }

  // Sends one to ourselves. Any thread.
  static void Raise() { kill(getpid(), SIGTERM); }

 private:
  sigset_t signals_;
};

}  // namespace vidimus

#endif  // VIDIMUS_PROTO_STOP_SIGNALS_H_
