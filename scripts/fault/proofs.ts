/** One file of trials, as `make fault` runs it. */
export interface Proof {
  /** What `make fault PROOF=` calls it. */
  readonly name: string;
  readonly file: string;
  /** How long it takes on two cores, about. */
  readonly minutes: number;
}

/** So many things are fuzzed in all, each with an even share of the hour: test/support/fuzz/share.ts. */
export const fuzzTargets = 43;

/** In the order in which they are run: what is quick and says most comes first. */
export const proofs: readonly Proof[] = [
  fault("little-memory", 2),
  fault("hostile-clients", 2),
  fault("disk-trouble", 3),
  fault("simulation", 10),
  fault("kill-restore", 5),
  fault("linearizable", 10),
  fault("load", 11),
  fault("kill-nine", 20),
  fault("power-cut", 25),
  fault("damaged-blocks", 20),
  fuzz("http", 2),
  fuzz("dns", 2),
  fuzz("keeper", 2),
  fuzz("check-answer", 3),
  fuzz("decoders", 33),
];

function fuzz(name: string, targets: number): Proof {
  const minutes = Math.round((targets * 60) / fuzzTargets);
  return { name: `fuzz-${name}`, file: `test/fuzz/${name}.test.ts`, minutes };
}

function fault(name: string, minutes: number): Proof {
  return { name, file: `test/fault/${name}.test.ts`, minutes };
}

/** Those whose names begin with one of the words; all, without words. */
export function chosenProofs(words: readonly string[]): readonly Proof[] {
  return words.length === 0 ? proofs : proofs.filter(({ name }) => words.some((word) => name.startsWith(word)));
}

/** "2 h 5 min" */
export function durationOf(minutes: number): string {
  const whole = Math.round(minutes);
  return whole < 60 ? `${whole} min` : `${Math.floor(whole / 60)} h ${whole % 60} min`;
}

export function totalOf(chosen: readonly Proof[]): string {
  return durationOf(chosen.reduce((sum, { minutes }) => sum + minutes, 0));
}
