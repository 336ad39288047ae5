import { decoders } from "../../test/support/fuzz/decoders.ts";
import { wholeThings } from "../../test/support/fuzz/share.ts";

/** A test file of which `make fault` runs the long form. */
export interface Proof {
  /** The name with which `make fault PROOF=` selects the proof. */
  readonly name: string;
  readonly file: string;
  /** Approximate duration of the long form on two cores. */
  readonly minutes: number;
}

/** The number of fuzz targets. Their long forms take an hour in all, and each gets an equal part of it. */
const fuzzTargets = decoders.length + wholeThings.length;

/** All proofs, in the order in which they run. The quick ones, and those that find the most faults, run first. */
export const proofs: readonly Proof[] = [
  fault("little-memory", 2),
  fault("hostile-clients", 2),
  fault("disk-trouble", 3),
  fault("simulation", 10),
  fault("access-simulation", 5),
  fault("kill-restore", 5),
  fault("kill-trial", 10),
  fault("linearizable", 10),
  fault("load", 11),
  fault("cluster", 15),
  fault("cluster-linearizable", 10),
  fault("cluster-membership", 2),
  fault("cluster-disk", 2),
  fault("cluster-views", 1),
  fault("kill-nine", 20),
  fault("power-cut", 25),
  fault("damaged-blocks", 20),
  fuzz("http", 2),
  fuzz("dns", 2),
  fuzz("keeper", 2),
  fuzz("check-answer", 3),
  fuzz("access", 3),
  fuzz("decoders", decoders.length),
];

function fuzz(name: string, targets: number): Proof {
  const minutes = Math.round((targets * 60) / fuzzTargets);
  return { name: `fuzz-${name}`, file: `test/fuzz/${name}.test.ts`, minutes };
}

function fault(name: string, minutes: number): Proof {
  return { name, file: `test/fault/${name}.test.ts`, minutes };
}

/** Returns the proofs whose names begin with one of the words; all proofs if there are no words. */
export function chosenProofs(words: readonly string[]): readonly Proof[] {
  return words.length === 0 ? proofs : proofs.filter(({ name }) => words.some((word) => name.startsWith(word)));
}

/** Returns the duration as text, such as "2 h 5 min". */
export function durationOf(minutes: number): string {
  const whole = Math.round(minutes);
  return whole < 60 ? `${whole} min` : `${Math.floor(whole / 60)} h ${whole % 60} min`;
}

export function totalOf(chosen: readonly Proof[]): string {
  return durationOf(chosen.reduce((sum, { minutes }) => sum + minutes, 0));
}
