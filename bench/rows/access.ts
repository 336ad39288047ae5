import { expectEntries, putAll } from "../lib/contents.ts";
import type { Contender } from "../lib/contender.ts";
import { edgexPolicy, edgexToken, guardedTwin, ownFolder, secretOf } from "../lib/guarded.ts";
import { untilQuiet } from "../lib/process-time.ts";
import type { Figure, Group, Row } from "../lib/row.ts";
import { newRun, runWrk } from "../lib/wrk.ts";
import { accessMemory, accessStart } from "./access-memory.ts";
import { runWrites } from "../lib/writes.ts";

const connections = 64;
const instances = 10;
/** A service of EdgeX with its policy, and the number of its token. */
const [service, own] = ["core-data", 1];
const key = `/v1/kv/${ownFolder}/Writable`;
const health = "/v1/health/service/device-virtual";

/** By the contender without access control: an agent of the same program with it. */
const twins = new Map<Contender, Contender>();

/** Each row measures an agent without access control and one with it in turns, under the same load. */
export const access: Group = {
  name: "access",
  async prepare(contender) {
    const twin = guardedTwin(contender);
    twins.set(contender, twin);
    await twin.start();
    await twin.put("/v1/acl/policy", edgexPolicy(service));
    await twin.put("/v1/acl/token", edgexToken(service, own));
    for (const agent of [contender, twin]) {
      await agent.put(key, "x".repeat(126));
      await putAll(agent, "/v1/agent/service/register", Array.from({ length: instances }, instance));
    }
  },
  async finish() {
    for (const twin of twins.values()) await twin.stop();
    twins.clear();
  },
  rows: [
    row("access-key-get", "read one key", (agent, seconds, token) =>
      runWrk(agent.url + key, { connections, seconds, ...token }),
    ),
    row("access-health", `health of a service's ${instances} instances`, async (agent, seconds, token) => {
      await expectEntries(agent, health, instances);
      return runWrk(agent.url + health, { connections, seconds, ...token });
    }),
    row("access-key-put", "durable write of a key", (agent, seconds, token) =>
      runWrites(agent, {
        ...{ connections, seconds, script: "put-keys.lua", words: [newRun(), ownFolder], ...token },
      }),
    ),
    accessMemory,
    accessStart,
  ],
};

type Token = { readonly token?: string };

function row(
  name: string,
  title: string,
  rate: (agent: Contender, seconds: number, token: Token) => Promise<Figure>,
): Row {
  return {
    name,
    title: `rate with access control and a token, of that without: ${title}, ${connections} connections`,
    ...{ unit: "%", better: "higher", goal: { kind: "atLeast", valueMin: 90 } },
    async measure(contender, seconds) {
      const twin = twins.get(contender);
      if (twin === undefined) throw new Error(`no agent with access control beside ${contender.name}`);
      const [open, guarded]: [Figure[], Figure[]] = [[], []];
      const halfSeconds = seconds / 2;
      // In the order A B B A, so that a drift of the machine's speed affects both alike.
      for (const [agent, token, figures] of [
        [contender, {}, open],
        [twin, { token: secretOf(own) }, guarded],
        [twin, { token: secretOf(own) }, guarded],
        [contender, {}, open],
      ] as const) {
        await untilQuiet([contender, twin]);
        figures.push(await rate(agent, halfSeconds, token));
      }
      return { value: (sum(guarded) / sum(open)) * 100 };
    },
  };
}

function sum(figures: readonly Figure[]): number {
  return figures.reduce((total, { value }) => total + value, 0);
}

function instance(_none: unknown, at: number): object {
  const check = { Name: "alive", TTL: "1h", Status: "passing" };
  return { ID: `device-virtual-${at}`, Name: "device-virtual", Address: "127.0.0.1", Port: 59_900 + at, Check: check };
}
