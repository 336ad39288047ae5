/** The length and kind of a history. It follows from the seed alone, so that a seed means the same in every run. */
export interface Plan {
  /** Every kind of trouble happens. */
  readonly troubleMs: number;
  /** Factor by which trouble comes more often. */
  readonly haste: number;
  /** How many requests the clients of one-order send. */
  readonly operations: number;
  /** Time for anti-entropy to repair what a bad disk kept out of the catalog. */
  readonly mendingMs: number;
  /** How many clients wait for changes. */
  readonly watchers: number;
  /** Only the checked services change their status. */
  readonly unsteadyMs: number;
  /** Two TTLs of each session and check, and an interval of each check. */
  readonly quietMs: number;
  /** The longest time between two checks of the agent. */
  readonly lookMsMax: number;
  /** Snapshots are restored during the history: parts that rely on their own writes are left out. */
  readonly restores: boolean;
  /** Runs again with a correct wall clock; nothing may differ. */
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

/** Every twentieth history is long; every fourth restores snapshots, and every fifth runs twice. */
export function planOf(seed: number): Plan {
  return { ...(seed % 20 === 0 ? whole : brief), restores: seed % 4 === 3, isTwin: seed % 5 === 2 };
}
