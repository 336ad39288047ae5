import type { Json } from "./recording.ts";

/** Where Praetor answers otherwise on purpose. */
export interface Difference {
  /** What is other, and why: a row of the table in docs/api.md. */
  readonly what: string;
  readonly why: string;
  readonly where: readonly Place[];
}

interface Place {
  readonly script: string;
  /** As the script has it. When it is sent more than once, all answers are meant. */
  readonly request: string;
  /** What Praetor says, by the place in the answer; undefined where it says nothing. */
  readonly praetor: Readonly<Record<string, Json | undefined>>;
}

export const differences: readonly Difference[] = [];
