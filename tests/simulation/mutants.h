// Logs that are wrong in one way each: what the simulation must catch. Each
// breaks a promise of a seam, so nothing in log/ knows of them.
#ifndef VIDIMUS_TESTS_SIMULATION_MUTANTS_H_
#define VIDIMUS_TESTS_SIMULATION_MUTANTS_H_

#include "tests/simulation/server.h"

namespace vidimus {

// A lock that believes the data: it stands wherever they stand.
Mutation LockThatForgets();
// A lock that never moves on the disk.
Mutation LockThatNeverMoves();
// An engine that says OK to some commits and keeps nothing.
Mutation StorageThatKeepsNothing();
// An engine that says OK although another server has moved the head.
Mutation StorageThatHidesTheOtherServer();
// An engine that loses what ids were submitted, which a start reads.
Mutation StorageThatForgetsIds();
// An engine that gives back other entries than were committed, now and then.
Mutation StorageThatMixesUpEntries();
// A disk whose sync does nothing.
Mutation DiskThatDoesNotSync();

}  // namespace vidimus

#endif  // VIDIMUS_TESTS_SIMULATION_MUTANTS_H_
