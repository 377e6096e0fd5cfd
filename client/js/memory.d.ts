// Types of memory.js.

export interface Recalled {
  /** The signed note of the newest head that a check ended well under. */
  checkpoint: Uint8Array | null;
  size: number;
  /** Of chains and the person, by their opaque names. */
  counts: Map<string, number>;
  person: string | null;
}

/** Rejects with a MemoryError alone. */
export class Memory {
  private constructor();
  /** What stands at the beginning of a check of the log with this origin. */
  recall(origin: string): Promise<Recalled>;
  /** What a chain, by its key, or a person, by s, is called here. */
  nameOf(kind: 'chain' | 'person', bytes: Uint8Array): Promise<string>;
  /** Takes what a check found. Head and counts only ever grow. */
  keep(origin: string, found: {
    checkpoint: Uint8Array,
    size: number,
    counts: Map<string, number>,
    person: string | null,
  }): Promise<void>;
  /** Whoever comes next may be someone else: for signing out. */
  forgetPerson(): Promise<void>;
  /** Everything. A rewound log is then not recognised any more. */
  forget(): Promise<void>;
  close(): void;
}

export class MemoryError extends Error {}

/**
 * The memory called `name` of this device: in IndexedDB, or in `store`, a Map
 * that the caller keeps. Rejects with a MemoryError if there is none to be had,
 * as in some private windows.
 */
export function openMemory(name: string, store?: Map<string, unknown>):
    Promise<Memory>;
