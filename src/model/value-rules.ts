import { looksSecret, mentionsSecret } from "./secret-key.ts";

/** The rules for the values of keys. */
export interface ValueRules {
  /** Returns what is wrong with a value for a key; undefined if nothing is, or no rule speaks of the key. */
  faultOf(key: string, value: Uint8Array): ValueFault | undefined;
}

export interface ValueFault {
  /** The rule that the value breaks: "EdgeX takes a port from 1 to 65535 for Service/Port". It has no part of the value. */
  readonly rule: string;
  /** The place of the fault in a value of JSON, which can have names from the value: "/a/b"; "" for the whole value. */
  readonly at: string;
}

/** Maximum number of characters of a value that an error shows. */
const shownMax = 100;

/** Returns the text of the refusal of a value: the key, the value unless it can be a secret, and the rule. */
export function describeFault(key: string, value: Uint8Array, { rule, at }: ValueFault): string {
  const text = textOf(value);
  const name = JSON.stringify(key);
  if (looksSecret(key) || mentionsSecret(text)) return `the value of the key ${name} is not valid: ${rule}`;
  const shown = JSON.stringify(text.length > shownMax ? `${text.slice(0, shownMax)}...` : text);
  return `the value ${shown} of the key ${name} is not valid${at === "" ? "" : ` at ${JSON.stringify(at)}`}: ${rule}`;
}

/** Returns a value as text. Bytes that are no UTF-8 become U+FFFD. */
export function textOf(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}
