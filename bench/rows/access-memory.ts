import { forEachAtOnce, numbersBelow } from "../lib/at-once.ts";
import type { Contender } from "../lib/contender.ts";
import { edgexPolicy, edgexToken, guardedTwin } from "../lib/guarded.ts";
import { measuredOnce } from "../lib/measured-once.ts";
import { residentKib } from "../lib/process-memory.ts";
import type { Row } from "../lib/row.ts";

const policies = 1_000;
const tokens = 10_000;
const contents = `${tokens.toLocaleString("en")} tokens and ${policies.toLocaleString("en")} policies`;
const idleMs = 10_000;
const startMsMax = 60_000;

interface Cost {
  readonly mib: number;
  readonly startMs: number;
}

export const accessMemory: Row = {
  name: "access-memory",
  title: `memory of ${contents}: after a restart and 10 s idle, less that without them`,
  ...{ unit: "MiB", better: "lower", goal: { kind: "below", valueMax: 30 }, startsItself: true },
  measure: async (contender) => ({ value: (await costOf(contender)).mib }),
};

export const accessStart: Row = {
  name: "access-start",
  title: `restart with ${contents}, to the first durable write with a token`,
  ...{ unit: "ms", better: "lower", goal: { kind: "times", timesMin: 1 }, startsItself: true },
  measure: async (contender) => ({ value: (await costOf(contender)).startMs }),
};

/** Measures an agent with access control before and after it gets the tokens. The other agent of the comparison is stopped. */
const costOf = measuredOnce(async (contender: Contender): Promise<Cost> => {
  const agent = guardedTwin(contender);
  await agent.start();
  try {
    await agent.restart({ withinMs: startMsMax });
    const without = await idleMib(agent);
    await forEachAtOnce(numbersBelow(policies), (at) => agent.put("/v1/acl/policy", edgexPolicy(serviceName(at))));
    await forEachAtOnce(numbersBelow(tokens), (at) =>
      agent.put("/v1/acl/token", edgexToken(serviceName(at % policies), at)),
    );
    const startMs = await agent.restart({ withinMs: startMsMax });
    return { mib: (await idleMib(agent)) - without, startMs };
  } finally {
    await agent.stop();
  }
});

function serviceName(at: number): string {
  return `device-${at}`;
}

async function idleMib({ pid }: Contender): Promise<number> {
  await Bun.sleep(idleMs);
  return residentKib(pid) / 1_024;
}
