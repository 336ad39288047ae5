import type { FakeRandom } from "../fake-random.ts";
import type { Violation } from "./explanation.ts";
import type { SeenRow, Wait } from "./index-laws.ts";
import type { LineAnswer, LineRequest } from "./line.ts";

/**
 * One independent part of the history (the operations on one group of keys or one service), and whether an order explains its
 * answers.
 */
export interface Trial {
  readonly name: string;
  readonly operationCount: number;
  /** Returns a client's next operation. `write` is a text that is unique to the operation. */
  plan(random: FakeRandom, write: string): Plan;
  /** Returns a read of all keys or instances of this part. */
  finalRead(): Plan;
  /** Returns why no order explains the answers; undefined when an order does. */
  violation(): Violation | undefined;
}

export interface Plan {
  readonly request: LineRequest;
  /** The query that is sent; undefined if its answer has no X-Consul-Index. */
  readonly question: string | undefined;
  readonly wait: Wait | undefined;
  /** Adds the operation to the history, and returns the rows that the answer showed. */
  record(event: OperationEvent): readonly SeenRow[];
}

export interface OperationEvent {
  readonly client: number;
  readonly called: number;
  /**
   * When the answer arrived, as a position in the sequence of events. Infinity if no answer arrived; `answer` is then undefined.
   */
  readonly returned: number;
  readonly answer: LineAnswer | undefined;
}

/** Chooses one of the names at random; each number is the weight of its name. */
export function pick<Name extends string>(random: FakeRandom, weights: Readonly<Record<Name, number>>): Name {
  const names = Object.keys(weights) as Name[];
  let left = random.uniform() * names.reduce((sum, name) => sum + weights[name], 0);
  for (const name of names) {
    left -= weights[name];
    if (left < 0) return name;
  }
  throw new Error("nothing to pick from");
}

export function pickOf<Item>(random: FakeRandom, items: readonly Item[]): Item | undefined {
  return items[Math.floor(random.uniform() * items.length)];
}

/** Returns a read request as a blocking query with this index and wait time. */
export function waiting(request: LineRequest, { index, ms }: Wait): LineRequest {
  const { path } = request;
  return { ...request, path: `${path}${path.includes("?") ? "&" : "?"}index=${index}&wait=${ms}ms` };
}
