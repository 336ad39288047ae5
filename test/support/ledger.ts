/**
 * Records the generations of things (keys, services, nodes) that clients keep rewriting while the agent is killed again and
 * again. Each thing goes through numbered generations, every fifth of which is a deletion. Only one client at a time rewrites a
 * thing, so after a crash the agent must have the newest acknowledged generation or the next one, whose write was in progress.
 */
export class Ledger {
  readonly #things: Map<string, Generations> = new Map();
  acknowledgements = 0;

  /** Returns the number of the generation to write next, and records the attempt. */
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
   * Compares the recorded generations with those of the restarted agent, continues from the agent's, and returns a text for each
   * contradiction.
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
