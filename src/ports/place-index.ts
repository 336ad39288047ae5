/** Who is where, looked up from both sides. Places are texts as Hosts makes them. */
export class PlaceIndex {
  readonly #places = new Map<string, string>();
  readonly #ids = new Map<string, Set<string>>();

  /** undefined: it is nowhere. */
  set(id: string, place: string | undefined): void {
    const before = this.#places.get(id);
    if (before === place) return;
    if (before !== undefined) this.#leave(id, before);
    if (place === undefined) return;
    this.#places.set(id, place);
    const ids = this.#ids.get(place);
    if (ids) ids.add(id);
    else this.#ids.set(place, new Set([id]));
  }

  placeOf(id: string): string | undefined {
    return this.#places.get(id);
  }

  /** Whoever came first, first. */
  at(place: string): Iterable<string> {
    return this.#ids.get(place) ?? [];
  }

  countAt(place: string): number {
    return this.#ids.get(place)?.size ?? 0;
  }

  clear(): void {
    this.#places.clear();
    this.#ids.clear();
  }

  #leave(id: string, place: string): void {
    this.#places.delete(id);
    const ids = this.#ids.get(place);
    ids?.delete(id);
    if (ids?.size === 0) this.#ids.delete(place);
  }
}
