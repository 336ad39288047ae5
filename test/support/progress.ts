import { isAtLength } from "./at-length.ts";

/** What a line begins with that says what a trial has done in all: `make fault` ends with these. */
export const figuresMark = "= ";

const everyMs = 10_000;
let toldMs = performance.now();

/** How far a long trial is, now and then. Costs nothing in between. */
export function tellProgress(say: () => string): void {
  if (!isAtLength || performance.now() - toldMs < everyMs) return;
  toldMs = performance.now();
  process.stdout.write(`${say()}\n`);
}

/** What a trial has done, at its end. */
export function tellFigures(said: string): void {
  process.stdout.write(`${figuresMark}${said}\n`);
}
