import type { Contender } from "../lib/contender.ts";
import type { Group } from "../lib/row.ts";
import { runWrk } from "../lib/wrk.ts";
import { runWrites } from "../lib/writes.ts";

const renewed = 16;
/** The body that creates a session. With this TTL no session ends during the measurement. */
const session = { TTL: "3600s", LockDelay: "1s" };
const sessionsOf = new Map<Contender, readonly string[]>();

/** Benchmark rows of sessions. Renewals are measured first, while few sessions exist. */
export const sessions: Group = {
  name: "sessions",
  rows: [
    {
      name: "session-renew",
      title: `renew one of ${renewed} sessions, 64 connections`,
      ...{ unit: "requests/s", better: "higher" },
      goal: { kind: "times", timesMin: 2.5 },
      async prepare(contender) {
        const ids: string[] = [];
        while (ids.length < renewed) ids.push(await createSession(contender));
        sessionsOf.set(contender, ids);
      },
      measure: (contender, seconds) =>
        runWrk(contender.url, {
          ...{ connections: 64, seconds, script: "renew-sessions.lua" },
          words: sessionsOf.get(contender) ?? [],
        }),
    },
    {
      name: "session-create",
      title: "create a session, durably, 64 connections",
      ...{ unit: "requests/s", better: "higher" },
      goal: { kind: "times", timesMin: 4 },
      measure: (contender, seconds) =>
        runWrites(contender, {
          ...{ connections: 64, seconds, script: "create-sessions.lua" },
          words: [JSON.stringify(session)],
        }),
    },
  ],
};

async function createSession(contender: Contender): Promise<string> {
  const answer = await contender.put("/v1/session/create", session);
  const id = /"ID":\s*"([0-9a-f-]{36})"/.exec(answer)?.[1];
  if (id === undefined) throw new Error(`${contender.name} created no session: ${answer}`);
  return id;
}
