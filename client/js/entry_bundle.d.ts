// Types of entry_bundle.js.

import type {Door} from './door.js';
import type {ChainsAnswer, Verifier} from './vidimus.js';

/**
 * The file about one entry of a chain that a check showed (docs/bundles.md):
 * what a complaint about one access needs, and nothing else of the chain. Asks
 * the log for leaves and keys, which anybody may have proven; so it learns
 * which entry somebody looks at. Rejects with a DoorError, or with an Error
 * that says in English why there is no such file.
 */
export function makeEntryBundle(options: {
  verifier: Pick<Verifier, 'judgeEntry' | 'registerKeys'>,
  door: Pick<Door, 'post'>,
  logKey: string,
  /** Both of one checkResident. */
  report: ChainsAnswer,
  bundle: Uint8Array,
  administration: number,
  /** Its number in the chain. */
  entry: number,
}): Promise<Uint8Array>;
