import { assert } from "../lib/assert.ts";
import { isList, isNumberMap, isSinks, isTextMap } from "./merge.ts";
import { defaultOrigin, type SettingValue, type SinkFields, type Source } from "./source.ts";

/** Typed access to the merged settings. A setting without a value or default reads as "", 0, false or empty. */
export class Settings {
  readonly #source: Source;

  constructor(source: Source) {
    this.#source = source;
  }

  text(path: string): string {
    return this.#get(path, (value) => typeof value === "string", "");
  }

  /** Returns the text of a setting; undefined if the setting is absent or "". */
  optionalText(path: string): string | undefined {
    const text = this.text(path);
    return text === "" ? undefined : text;
  }

  flag(path: string): boolean {
    return this.#get(path, (value) => typeof value === "boolean", false);
  }

  optionalFlag(path: string): boolean | undefined {
    return this.has(path) ? this.flag(path) : undefined;
  }

  number(path: string): number {
    return this.#get(path, (value) => typeof value === "number", 0);
  }

  texts(path: string): readonly string[] {
    return this.#get(path, isList, []);
  }

  textMap(path: string): Readonly<Record<string, string>> {
    return this.#get(path, isTextMap, {});
  }

  numberMap(path: string): Readonly<Record<string, number>> {
    return this.#get(path, isNumberMap, {});
  }

  sinks(path: string): SinkFields {
    return this.#get(path, isSinks, {});
  }

  has(path: string): boolean {
    return this.#source.settings.has(path);
  }

  /** Returns whether a file, flag or environment variable sets the field; defaults do not count. */
  isGiven(path: string): boolean {
    return this.has(path) && this.#source.settings.get(path)?.origin !== defaultOrigin;
  }

  /** Returns the setting's origin, to append to an error message: " (agent.hcl:3)"; "" if not set. */
  from(path: string): string {
    const origin = this.#source.settings.get(path)?.origin;
    return origin === undefined ? "" : ` (${origin})`;
  }

  #get<T extends SettingValue>(path: string, is: (value: SettingValue) => value is T, unset: T): T {
    const value = this.#source.settings.get(path)?.value;
    if (value === undefined) return unset;
    assert(is(value), `setting ${path} is not of the type that it is read as`);
    return value;
  }
}
