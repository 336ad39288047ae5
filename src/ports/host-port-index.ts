/** Maps ids, of services or of configurations, to keys and back. A key is a host and port, as `Hosts.key` returns it. */
export class HostPortIndex {
  readonly #keys = new Map<string, string>();
  readonly #ids = new Map<string, Set<string>>();

  /** Sets the key of an id. If `key` is undefined, removes the id. */
  set(id: string, key: string | undefined): void {
    const before = this.#keys.get(id);
    if (before === key) return;
    if (before !== undefined) this.#remove(id, before);
    if (key === undefined) return;
    this.#keys.set(id, key);
    const ids = this.#ids.get(key);
    if (ids) ids.add(id);
    else this.#ids.set(key, new Set([id]));
  }

  keyOf(id: string): string | undefined {
    return this.#keys.get(id);
  }

  /** Returns the ids at this key, in the order in which they were set. */
  at(key: string): Iterable<string> {
    return this.#ids.get(key) ?? [];
  }

  countAt(key: string): number {
    return this.#ids.get(key)?.size ?? 0;
  }

  clear(): void {
    this.#keys.clear();
    this.#ids.clear();
  }

  #remove(id: string, key: string): void {
    this.#keys.delete(id);
    const ids = this.#ids.get(key);
    ids?.delete(id);
    if (ids?.size === 0) this.#ids.delete(key);
  }
}
