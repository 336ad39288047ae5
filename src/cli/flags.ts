import { parseDuration } from "../lib/duration.ts";
import { messageOf } from "../lib/errors.ts";
import type { ParsedFlags } from "../lib/go-flags.ts";
import { CommandFailure } from "./command-failure.ts";

/** The values of the flags with which the user called a command. */
export class Flags {
  readonly #given: ParsedFlags;

  constructor(given: ParsedFlags) {
    this.#given = given;
  }

  has(name: string): boolean {
    return this.#given.values.has(name);
  }

  bool(name: string): boolean {
    return this.text(name) === "true";
  }

  /** Returns the flag's last value; undefined if the flag was not given, which differs from "". */
  text(name: string): string | undefined {
    return this.all(name).at(-1);
  }

  /** Returns all values of the flag, in the order given. */
  all(name: string): readonly string[] {
    return this.#given.values.get(name) ?? [];
  }

  int(name: string, fallback: number): number {
    const text = this.text(name);
    return text === undefined ? fallback : Number(text);
  }

  /** Returns the flag's value as a bigint; 0 if the flag was not given. */
  uint(name: string): bigint {
    return BigInt(this.text(name) ?? 0);
  }

  /**
   * Returns the flag's duration in milliseconds; `fallback` if the flag was not given.
   * @throws CommandFailure if the value is not a duration
   */
  durationMs(name: string, fallback: number): number {
    const text = this.text(name);
    if (text === undefined) return fallback;
    try {
      return parseDuration(text);
    } catch (error) {
      throw new CommandFailure(`invalid value ${JSON.stringify(text)} for flag -${name}: ${messageOf(error)}`);
    }
  }
}
