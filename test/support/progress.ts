import { isAtLength } from "./at-length.ts";

/** The prefix of a trial's summary: `make fault` prints these lines at its end. */
export const figuresMark = "= ";

const everyMs = 10_000;
let toldMs = performance.now();

/** Prints the progress of a trial in its long form, at most once in ten seconds. */
export function tellProgress(say: () => string): void {
  if (!isAtLength || performance.now() - toldMs < everyMs) return;
  toldMs = performance.now();
  process.stdout.write(`${say()}\n`);
}

/** Prints the summary of a trial. */
export function tellFigures(said: string): void {
  process.stdout.write(`${figuresMark}${said}\n`);
}
