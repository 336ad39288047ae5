import { fieldsOf } from "./json-object.ts";

/** A JSON object of an agent's answer. A field that is missing or of another type reads as empty. */
export class JsonRow {
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(json: unknown) {
    this.#fields = fieldsOf(json);
  }

  text(name: string): string {
    const value = this.#fields[name];
    return typeof value === "string" ? value : "";
  }

  number(name: string): number {
    const value = this.#fields[name];
    return typeof value === "number" ? value : 0;
  }

  bool(name: string): boolean {
    return this.#fields[name] === true;
  }

  row(name: string): JsonRow {
    return new JsonRow(this.#fields[name]);
  }

  rows(name: string): readonly JsonRow[] {
    return rowsOf(this.#fields[name]);
  }

  texts(name: string): readonly string[] {
    const value = this.#fields[name];
    return Array.isArray(value) ? value.map(String) : [];
  }

  numbers(name: string): readonly number[] {
    return this.texts(name).map(Number);
  }

  /** Returns the texts in a field that holds an object, sorted by name. */
  map(name: string): ReadonlyMap<string, string> {
    const pairs = Object.entries(fieldsOf(this.#fields[name])).map(([key, value]): [string, string] => [
      key,
      String(value),
    ]);
    return new Map(pairs.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** The names of all fields. */
  get names(): readonly string[] {
    return Object.keys(this.#fields);
  }
}

/** Returns the objects of a JSON list; an empty list for other JSON. */
export function rowsOf(json: unknown): readonly JsonRow[] {
  return Array.isArray(json) ? json.map((item) => new JsonRow(item)) : [];
}

/** Formats a map as in Consul's tables: "a=1, b=2". */
export function formatMap(map: ReadonlyMap<string, string>, separator = ", "): string {
  return [...map].map(([key, value]) => `${key}=${value}`).join(separator);
}
