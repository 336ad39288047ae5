import type { Contender } from "./contender.ts";
import type { Row } from "./row.ts";
import { runWrk } from "./wrk.ts";

const connections = 64;

export interface HttpRead {
  readonly name: string;
  /** The benchmark row's title without the number of connections, which httpRead adds. */
  readonly title: string;
  readonly path: string;
  readonly timesMin: number;
  /**
   * Verifies that the answer contains the entries or the value that the benchmark row's title states.
   * @throws Error if the answer lacks any
   */
  readonly expect: (contender: Contender, path: string) => Promise<void>;
}

/** Returns a benchmark row in which clients request one path repeatedly. */
export function httpRead({ name, title, path, timesMin, expect }: HttpRead): Row {
  return {
    name,
    title: `${title}, ${connections} connections`,
    unit: "requests/s",
    better: "higher",
    goal: { kind: "times", timesMin },
    prepare: (contender) => expect(contender, path),
    measure: (contender, seconds) => runWrk(contender.url + path, { connections, seconds }),
  };
}
