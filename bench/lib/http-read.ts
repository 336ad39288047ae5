import type { Contender } from "./contender.ts";
import type { Row } from "./row.ts";
import { runWrk } from "./wrk.ts";

const connections = 64;

export interface HttpRead {
  readonly name: string;
  /** A title without the number of connections, which is added. */
  readonly title: string;
  readonly path: string;
  readonly timesMin: number;
  /** @throws unless the answer is the complete one of the row's title */
  readonly expect: (contender: Contender, path: string) => Promise<void>;
}

/** A row that requests one path repeatedly. */
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
