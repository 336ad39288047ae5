/** How long a history is, and of which kind. It follows from the seed, so that a seed is the same one wherever it is run. */
export interface Plan {
  /** Everything goes wrong that can. */
  readonly troubleMs: number;
  /** How much sooner than otherwise the next trouble comes. */
  readonly haste: number;
  /** How many requests those send whose answers must have one order. */
  readonly operations: number;
  /** Until anti-entropy has mended what a bad disk kept from the catalog. */
  readonly mendingMs: number;
  /** How many clients wait for changes. */
  readonly watchers: number;
  /** Only what is checked goes up and down. */
  readonly unsteadyMs: number;
  /** Two lives of each session and check with a time to live, and each check's turn. */
  readonly quietMs: number;
  /** At the most, between two looks at the agent. */
  readonly lookMsMax: number;
  /** Snapshots are restored in the middle of it: who relies on what was written is not there. */
  readonly restores: boolean;
  /** Run once more, with a wall clock that is right: nothing may be different. */
  readonly isTwin: boolean;
}

const brief = {
  watchers: 10,
  troubleMs: 40_000,
  haste: 2.5,
  operations: 100,
  mendingMs: 66_000,
  unsteadyMs: 12_000,
  quietMs: 35_000,
  lookMsMax: 2_000,
};
const whole = {
  watchers: 100,
  troubleMs: 120_000,
  haste: 1,
  operations: 500,
  mendingMs: 66_000,
  unsteadyMs: 100_000,
  quietMs: 65_000,
  lookMsMax: 900,
};

/** Every twentieth history is long; in each fourth snapshots are restored, and every fifth is run twice. */
export function planOf(seed: number): Plan {
  return { ...(seed % 20 === 0 ? whole : brief), restores: seed % 4 === 3, isTwin: seed % 5 === 2 };
}
