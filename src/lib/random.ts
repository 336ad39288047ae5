/** The only source of randomness, except for secrets. A test can thus replay a run from its seed. */
export interface Random {
  /** Returns a uniformly distributed number from 0 up to but not including 1. */
  uniform(): number;
  /** Returns a random (version 4) UUID in lower case. */
  uuid(): string;
}

export const systemRandom: Random = {
  uniform: () => Math.random(),
  uuid: () => crypto.randomUUID(),
};

/** Lengthens a wait by a random part of up to 1/16, as Consul does, so that clients do not all send requests at once. */
export function withJitter(waitMs: number, random: Random): number {
  return waitMs + (random.uniform() * waitMs) / 16;
}
