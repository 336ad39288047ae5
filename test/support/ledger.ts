/**
 * The knowledge of clients about things (keys, services, nodes) that they keep rewriting while the agent is killed. Each thing goes through
 * numbered generations, every fifth of which is a deletion. Only one client at a time rewrites a thing, so after a crash the
 * thing must be in the newest acknowledged generation or in the next one, which was in progress.
 */
export class Ledger {
  readonly #things: Map<string, Generations> = new Map();
  acknowledgements = 0;

  /** Returns the generation to write next. */
  attempt(thing: string): number {
    const known = this.#known(thing);
    this.#things.set(thing, { ...known, attempted: known.acknowledged + 1 });
    return known.acknowledged + 1;
  }

  acknowledge(thing: string): void {
    const { attempted } = this.#known(thing);
    this.#things.set(thing, { acknowledged: attempted, attempted });
    this.acknowledgements++;
  }

  /**
   * Compares what clients know with what the restarted agent has, continues from the agent's generations, and returns the
   * differences.
   */
  settle(found: ReadonlyMap<string, Found>): readonly string[] {
    const wrong = [...found.keys()]
      .filter((thing) => !this.#things.has(thing))
      .map((thing) => `${thing}: never written`);
    for (const [thing, known] of this.#things) {
      const is = found.get(thing);
      const right = [known.attempted, known.acknowledged].find((generation) => stored(generation) === is);
      if (right === undefined)
        wrong.push(`${thing}: ${is ?? "absent"}, not ${known.acknowledged} or ${known.attempted}`);
      else this.#things.set(thing, { acknowledged: right, attempted: right });
    }
    return wrong;
  }

  #known(thing: string): Generations {
    return this.#things.get(thing) ?? { acknowledged: 0, attempted: 0 };
  }
}

interface Generations {
  readonly acknowledged: number;
  /** The newest generation that a client has sent: the acknowledged one, or the next. */
  readonly attempted: number;
}

/** The generation of a thing, or a text that describes how its parts contradict each other. */
export type Found = number | string;

export function isDeletion(generation: number): boolean {
  return generation % 5 === 0;
}

function stored(generation: number): number | undefined {
  return isDeletion(generation) ? undefined : generation;
}
