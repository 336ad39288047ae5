/** A position in a text; line and column count from 1. Line 0 stands for an unknown position. */
export interface HclPlace {
  readonly line: number;
  readonly column: number;
}

/** Formats a place as HCL's errors do: "3:7"; "-" if it is unknown. */
export function formatHclPlace({ line, column }: HclPlace): string {
  return line === 0 ? "-" : `${line}:${column}`;
}

export interface HclComment {
  /** The text from "#", "//" or "/*" to its end, without the line break. */
  readonly text: string;
  readonly place: HclPlace;
}

export interface HclKey {
  /** The key as written: a string has its quotes. */
  readonly text: string;
  /** The decoded key. */
  readonly name: string;
  readonly place: HclPlace;
}

/** `key { key } ( "=" value | object )` */
export interface HclItem {
  readonly keys: readonly HclKey[];
  /** Whether "=" or, in JSON, ":" precedes the value. */
  readonly isAssigned: boolean;
  readonly value: HclValue;
  /** The comments on the lines directly above. */
  readonly leadComments?: readonly HclComment[];
  /** The comments that follow on the same line. */
  readonly lineComments?: readonly HclComment[];
}

export interface HclLiteral {
  readonly kind: "string" | "heredoc" | "number" | "float" | "bool" | "null";
  /** The literal as written: a string has its quotes. */
  readonly text: string;
  /** The decoded literal. */
  readonly value: string | number | boolean | null;
  readonly place: HclPlace;
  readonly leadComments?: readonly HclComment[];
  readonly lineComments?: readonly HclComment[];
}

export interface HclList {
  readonly kind: "list";
  readonly items: readonly HclValue[];
  readonly place: HclPlace;
}

export interface HclObject {
  readonly kind: "object";
  readonly items: readonly HclItem[];
  /** The place of the opening brace. */
  readonly place: HclPlace;
  /** The place of the closing brace. */
  readonly end: HclPlace;
}

export type HclValue = HclLiteral | HclList | HclObject;

export interface HclFile {
  readonly isJson: boolean;
  readonly items: readonly HclItem[];
  /** All comments, in groups: a group's comments stand on lines that follow each other. */
  readonly comments: readonly (readonly HclComment[])[];
}

/**
 * A text that is not HCL 1. The message is the one of HashiCorp's parser: `At 1:7: illegal char`; in JSON
 * `1:7: illegal char` or `expected: STRING got: COLON`.
 */
export class HclError extends Error {
  override readonly name = "HclError";
  readonly place: HclPlace;
  /** The message without the position. */
  readonly reason: string;

  constructor(place: HclPlace, reason: string, position: string = `At ${formatHclPlace(place)}: `) {
    super(`${position}${reason}`);
    this.place = place;
    this.reason = reason;
  }
}
