/**
 * The length and kind of a history, which is everything that happens in one simulation. It follows from the seed alone, so that a
 * seed gives the same history in every run.
 */
export interface Plan {
  /** Duration of the phase in which faults of every kind happen, in milliseconds. */
  readonly troubleMs: number;
  /** The factor by which faults are more frequent than in a long history. */
  readonly haste: number;
  /** Number of requests that the clients of the part one-order send. */
  readonly operations: number;
  /** Time in which anti-entropy writes to the catalog the changes that a faulty disk refused, in milliseconds. */
  readonly mendingMs: number;
  /** Number of clients that send blocking queries. */
  readonly watchers: number;
  /** Duration of the phase in which only the checked services change their status, in milliseconds. */
  readonly unsteadyMs: number;
  /** Duration of the quiet phase, in milliseconds: two TTLs of each session and check, and an interval of each check. */
  readonly quietMs: number;
  /** Maximum time between two inspections of the agent by the parts, in milliseconds. */
  readonly lookMsMax: number;
  /** Whether clients restore snapshots during the history. The parts that rely on their own writes do not run then. */
  readonly restores: boolean;
  /** Whether the simulation runs again with a correct wall clock, which must give the same history. */
  readonly isTwin: boolean;
  /**
   * Whether clients roll keys back. The wall clock decides how long a change is kept and which writes are one burst, so such a history
   * depends on it.
   */
  readonly rollsBack: boolean;
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

/** Returns the plan of a seed. Every twentieth history is long, every fourth restores snapshots, every fifth runs twice, and two of five roll keys back. */
export function planOf(seed: number): Plan {
  return {
    ...(seed % 20 === 0 ? whole : brief),
    restores: seed % 4 === 3,
    isTwin: seed % 5 === 2,
    rollsBack: seed % 5 > 2,
  };
}
