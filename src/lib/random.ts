/** The only source of randomness, so that a test can replay a run from its seed. */
export interface Random {
  /** Returns a number, uniform in [0, 1). */
  uniform(): number;
  /** Returns a random (version 4) UUID in lower case. */
  uuid(): string;
}

export const systemRandom: Random = {
  uniform: () => Math.random(),
  uuid: () => crypto.randomUUID(),
};

/** Consul: lengthens a wait by up to 1/16 at random, so that clients do not all return at once. */
export function withJitter(waitMs: number, random: Random): number {
  return waitMs + (random.uniform() * waitMs) / 16;
}
