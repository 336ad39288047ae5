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
