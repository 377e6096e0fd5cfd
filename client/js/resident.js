// A resident's check on their own device: what client/resident.cc does, in a
// browser or in node. It asks one log for everything that a chain bundle must
// hold, draws the probes before it asks for their proof, and has the verifier
// judge the bundle. What is demanded and why: docs/completeness.md; how to call
// it: docs/verifier_api.md.
//
//   const check = await checkResident({verifier, door, logKey, policy, memory});
//   if (check.finding === 'Ok') ...
//
// Nothing that a log answers is believed, and nothing of it makes this throw:
// each way in which a check can fail has a name in FAILURES.

// Every way to fail, gravest first, with its kind. `wrong`: what the log shows
// is not so. `unchecked`: nothing is known to be wrong, and not all could be
// checked. `unvouched`: all is as it should be, as far as the log alone can
// show it; nobody who was asked for stands behind that.
export const FAILURES = Object.freeze({
  // Two histories of one log.
  HeadForked: 'wrong',
  // The log has gone back behind the head of the last check.
  HeadRewound: 'wrong',
  // Not signed by the log's key, or no head of a log.
  HeadForged: 'wrong',
  // The chains of somebody else.
  NotThisPerson: 'wrong',
  // An entry stands in the log and was not shown.
  EntryMissing: 'wrong',
  // Entries stand behind a number without one.
  Hole: 'wrong',
  // There were more entries at the last check.
  EntriesLost: 'wrong',
  // What is shown of an entry is not what was logged, or not signed by whom it
  // names.
  EntryForged: 'wrong',
  // Content is not shown, and nothing accounts for that.
  ContentMissing: 'wrong',
  // What an administration filed is no record.
  ContentUnreadable: 'wrong',
  // A chain's key is not the one that it must have.
  ChainForged: 'wrong',
  // Leaves, or the proof that they stand in the log.
  LeavesForged: 'wrong',
  // What the index is said to hold.
  IndexForged: 'wrong',
  // A document of the register, or its place.
  RegisterForged: 'wrong',
  // The probes that were judged are not those drawn here.
  ProbesExchanged: 'wrong',

  // The log does not show that it extends the head of the last check.
  HeadUnlinked: 'unchecked',
  // The newest head says nothing about the last day.
  HeadStale: 'unchecked',
  // The head is from a day that has not come yet.
  ClocksDisagree: 'unchecked',
  SignedOut: 'unchecked',
  Unreachable: 'unchecked',
  // The log has too much to do.
  Later: 'unchecked',
  // The log said no.
  Refused: 'unchecked',
  // The log answered what none answers.
  AnswerUnusable: 'unchecked',
  // The log did not show every chain.
  ChainUnanswered: 'unchecked',
  // No monitor vouches, and the index was not asked.
  PresenceUnproven: 'unchecked',
  // Signatures that this device could not check: there are no verdicts.
  SignaturesUnsettled: 'unchecked',
  // What the device keeps cannot be read or written.
  MemoryUnusable: 'unchecked',
  // The page was set up with a key or a policy that is none.
  ConfigUnusable: 'unchecked',
  // The verifier itself gave up, out of memory perhaps.
  VerifierFailed: 'unchecked',

  // No monitor that counts has read all of the log at this head.
  NoMonitor: 'unvouched',
  // Fewer witnesses than the policy asks for have seen this head.
  WitnessMissing: 'unvouched',
});
