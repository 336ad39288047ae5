import type { FakeRandom } from "../fake-random.ts";
import type { Violation } from "./explanation.ts";
import type { SeenRow, Wait } from "./index-laws.ts";
import type { LineAnswer, LineRequest } from "./line.ts";

/** One partition of the history: what is done to it, and whether there is an order that explains it. */
export interface Trial {
  readonly name: string;
  readonly operationCount: number;
  /** What a client does next. `write` names its write, and no other. */
  plan(random: FakeRandom, write: string): Plan;
  /** A read of everything. */
  finalRead(): Plan;
  /** Why no order explains the answers; undefined when one does. */
  violation(): Violation | undefined;
}

export interface Plan {
  readonly request: LineRequest;
  /** Undefined where the answer has no X-Consul-Index. */
  readonly question: string | undefined;
  readonly wait: Wait | undefined;
  /** Takes the operation into the history, and returns the rows that the answer showed. */
  record(event: OperationEvent): readonly SeenRow[];
}

export interface OperationEvent {
  readonly client: number;
  readonly called: number;
  /** Infinity, and no answer, when none came. */
  readonly returned: number;
  readonly answer: LineAnswer | undefined;
}

/** One of them, each as likely as its number says. */
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

/** The same question, held until its index is higher than this. */
export function waiting(request: LineRequest, { index, ms }: Wait): LineRequest {
  const { path } = request;
  return { ...request, path: `${path}${path.includes("?") ? "&" : "?"}index=${index}&wait=${ms}ms` };
}
