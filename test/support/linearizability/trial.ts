import type { FakeRandom } from "../fake-random.ts";
import type { Violation } from "./explanation.ts";
import type { SeenRow, Wait } from "./index-laws.ts";
import type { LineAnswer, LineRequest } from "./line.ts";

/** One partition of the history: its operations, and whether an order explains them. */
export interface Trial {
  readonly name: string;
  readonly operationCount: number;
  /** A client's next operation. `write` is unique to it. */
  plan(random: FakeRandom, write: string): Plan;
  /** A read of everything in the partition. */
  finalRead(): Plan;
  /** Why no order explains the answers; undefined when one does. */
  violation(): Violation | undefined;
}

export interface Plan {
  readonly request: LineRequest;
  /** undefined where the answer has no X-Consul-Index. */
  readonly question: string | undefined;
  readonly wait: Wait | undefined;
  /** Adds the operation to the history, and returns the rows that the answer showed. */
  record(event: OperationEvent): readonly SeenRow[];
}

export interface OperationEvent {
  readonly client: number;
  readonly called: number;
  /** Infinity, and no answer, when the agent did not answer. */
  readonly returned: number;
  readonly answer: LineAnswer | undefined;
}

/** Chooses one of them; each number is a weight. */
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

/** The same read as a blocking query with this index. */
export function waiting(request: LineRequest, { index, ms }: Wait): LineRequest {
  const { path } = request;
  return { ...request, path: `${path}${path.includes("?") ? "&" : "?"}index=${index}&wait=${ms}ms` };
}
