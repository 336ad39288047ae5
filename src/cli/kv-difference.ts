import type { KvDifferenceJson, KvSideJson } from "../wire/kv-history.ts";
import { type CommandIo, mayColour } from "./command.ts";
import { printable } from "./printable.ts";
import { textOf } from "./utf8-text.ts";

/** Returns how keys differ as lines: "+" for what is there after it, "-" for what was there before, in colour on a terminal. */
export function differenceText(
  changes: readonly KvDifferenceJson[],
  io: Pick<CommandIo, "isTerminal" | "env">,
): string {
  return changes.map((change) => linesOf(change, mayColour(io))).join("");
}

function linesOf({ Key, Before, After }: KvDifferenceJson, hasColours: boolean): string {
  const line = (sign: string, colour: number, { Value, Flags }: KvSideJson): string => {
    const text = `${sign} ${printable(Key)} = ${valueText(Value)}${Before && After && Before.Flags !== After.Flags ? ` (flags ${Flags})` : ""}`;
    return hasColours ? `\u001b[${colour}m${text}\u001b[0m\n` : `${text}\n`;
  };
  return `${Before ? line("-", 31, Before) : ""}${After ? line("+", 32, After) : ""}`;
}

/** Returns a value in one line: its text, or its length if it is no text. */
export function valueText(value: string | null | undefined): string {
  const bytes = Buffer.from(value ?? "", "base64");
  const whole = textOf(bytes);
  if (whole === undefined) return `(${bytes.length} bytes that are no text)`;
  const text = printable(whole);
  return text.length > valueLengthMax ? `${text.slice(0, valueLengthMax)}...` : text;
}

const valueLengthMax = 200;
