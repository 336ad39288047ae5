import { CompiledProgram } from "../lib/compiled-program.ts";
import type { Limit } from "../lib/limit.ts";
import { runWrk } from "../lib/wrk.ts";
import type { BareAnswer } from "../programs/bare-server.ts";

const bareServer = new CompiledProgram("bare-server");

const keyPath = "/v1/kv/bench/read";

export const limitKeyGet: Limit = limit("limit-key-get", "read one key, 64 connections", keyPath);
export const limitLeader: Limit = limit(
  "limit-leader",
  "an answer that never changes, 64 connections",
  "/v1/status/leader",
);

/** Returns a benchmark row whose limit is the rate of a server that does nothing but send a copy of Praetor's answer. */
function limit(name: string, title: string, path: string): Limit {
  return {
    ...{ name, title, of: "bare `Bun.serve`", against: "the limit", unit: "requests/s", shareMin: 0.7 },
    async prepare(praetor) {
      await praetor.put(keyPath, "x".repeat(126));
    },
    async measure(praetor, seconds) {
      const program = await bareServer.start(await answerOf(praetor.url + path));
      try {
        const bareUrl = `http://127.0.0.1:${await program.line()}${path}`;
        await expectSame(praetor.url + path, bareUrl);
        const load = { connections: 64, seconds };
        const figures = { praetor: await runWrk(praetor.url + path, load), limit: await runWrk(bareUrl, load) };
        return { praetor: figures.praetor.value, limit: figures.limit.value };
      } finally {
        program.kill();
      }
    },
  };
}

/** Headers that the bare server adds by itself, so that they are left out of the copied answer. */
const added: ReadonlySet<string> = new Set(["date", "content-length", "connection"]);

async function answerOf(url: string): Promise<BareAnswer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`GET ${url}: ${response.status} ${await response.text()}`);
  const headers = [...response.headers].filter(([name]) => !added.has(name));
  return { status: response.status, headers, body: await response.text() };
}

async function expectSame(url: string, bareUrl: string): Promise<void> {
  const [one, other] = await Promise.all([url, bareUrl].map(wholeAnswer));
  if (one !== other) throw new Error(`the bare server answers otherwise:\n${other}\nand not\n${one}`);
}

async function wholeAnswer(url: string): Promise<string> {
  const response = await fetch(url);
  const headers = [...response.headers].filter(([name]) => name !== "date").map((each) => each.join(": "));
  return [response.status, ...headers.toSorted(), await response.text()].join("\n");
}
