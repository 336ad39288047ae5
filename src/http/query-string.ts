/** The query part of a URL. A flag is true if it is present: `?keys`, `?keys=` and `?keys=false` alike. */
export class QueryString {
  static readonly none: QueryString = new QueryString("");
  readonly #values = new Map<string, string[]>();

  /** Parses a query string. @param text the text after the question mark; a value whose encoding is invalid stays encoded */
  constructor(text: string) {
    if (text === "") return;
    // Consul: ";" separates pairs as "&" does, and "+" is a space.
    for (const pair of text.split(/[&;]/)) {
      if (pair === "") continue;
      const at = pair.indexOf("=");
      const name = decode(at < 0 ? pair : pair.slice(0, at));
      const value = at < 0 ? "" : decode(pair.slice(at + 1));
      const known = this.#values.get(name);
      if (known) known.push(value);
      else this.#values.set(name, [value]);
    }
  }

  get hasAny(): boolean {
    return this.#values.size > 0;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** Returns the parameter's first value; undefined if the parameter is absent. */
  get(name: string): string | undefined {
    return this.#values.get(name)?.[0];
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** Returns all pairs, sorted by name and encoded, as error texts show them. */
  toString(): string {
    return this.without();
  }

  /** Returns the same text as toString, without the parameters of these names. */
  without(...names: readonly string[]): string {
    const others = [...this.#values.keys()].filter((name) => !names.includes(name)).toSorted();
    return others
      .flatMap((name) => this.all(name).map((value) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`))
      .join("&");
  }
}

function decode(text: string): string {
  const spaced = text.replaceAll("+", " ");
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
