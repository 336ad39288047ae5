import { expectEntries } from "../lib/contents.ts";
import type { Contender } from "../lib/contender.ts";
import { httpRead } from "../lib/http-read.ts";
import type { Group } from "../lib/row.ts";
import { newRun } from "../lib/wrk.ts";
import { runWrites } from "../lib/writes.ts";

const keys = 100;
const valueBytes = 128;

export const keyReads: Group = {
  name: "key-reads",
  async prepare(contender) {
    for (const folder of ["tree", "mixed"])
      for (let key = 0; key < keys; key += 1)
        await contender.put(`/v1/kv/bench/${folder}/${key}`, "x".repeat(valueBytes - '""'.length));
  },
  rows: [
    httpRead({
      name: "key-get",
      title: "read one key",
      path: "/v1/kv/bench/tree/7",
      timesMin: 2.5,
      expect: (contender, path) => expectEntries(contender, path, 1),
    }),
    httpRead({
      name: "key-get-raw",
      title: "read one key's value alone (`?raw`)",
      path: "/v1/kv/bench/tree/7?raw",
      timesMin: 2.5,
      expect: expectValue,
    }),
    httpRead({
      name: "key-recurse",
      title: `read ${keys} keys (\`?recurse\`)`,
      path: "/v1/kv/bench/tree/?recurse",
      timesMin: 15,
      expect: (contender, path) => expectEntries(contender, path, keys),
    }),
    {
      name: "key-mixed",
      title: "keys: 9 of 10 requests read one of 100, the tenth changes one, 64 connections",
      ...{ unit: "requests/s", better: "higher" },
      goal: { kind: "times", timesMin: 2.5 },
      measure: (contender, seconds) =>
        runWrites(
          contender,
          { connections: 64, seconds, script: "read-and-put-keys.lua", words: [newRun()] },
          { requestsPerWrite: 10 },
        ),
    },
  ],
};

async function expectValue(contender: Contender, path: string): Promise<void> {
  const { length } = await contender.get(path);
  if (length !== valueBytes) throw new Error(`${contender.name}: GET ${path} has ${length} bytes, not ${valueBytes}`);
}
