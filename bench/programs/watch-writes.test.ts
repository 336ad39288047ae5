import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";
import type { WatchTask } from "./watch-writes.ts";

const waiting: ((response: Response) => void)[] = [];
let server: Bun.Server<undefined> | undefined;

afterEach(async () => {
  waiting.length = 0;
  await server?.stop(true);
});

/**
 * Starts a server and returns its port. The server answers a watcher at once with `watching()` or, if that is not given, at the
 * next write with `woken()`.
 */
function serve(rules: { readonly watching?: () => Response; readonly woken: () => Response }): number {
  server = Bun.serve({
    ...{ hostname: "127.0.0.1", port: 0, idleTimeout: 0 },
    fetch(request) {
      if (request.method === "PUT") {
        for (const answer of waiting.splice(0)) answer(rules.woken());
        return new Response("true");
      }
      if (!request.url.includes("index=")) return answer(7);
      return rules.watching?.() ?? new Promise<Response>((resolve) => waiting.push(resolve));
    },
  });
  return server.port ?? 0;
}

function answer(index: number, status = 200): Response {
  return new Response("[]", { status, headers: { "X-Consul-Index": String(index) } });
}

async function run(port: number): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const task: WatchTask = { port, count: 20, watched: "/watched", written: "/written", bodies: ["", "one", "two"] };
  const program = join(import.meta.dir, "watch-writes.ts");
  const child = Bun.spawn([process.execPath, program, JSON.stringify(task)], { stderr: "pipe" });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, out, err };
}

test("watch-writes prints, for each write, the time until each watcher is woken", async () => {
  const { code, out } = await run(serve({ woken: () => answer(8) }));
  const times: number[][] = JSON.parse(out);
  expect(code).toBe(0);
  expect(times.map((round) => round.length)).toEqual([20, 20]);
});

test("watch-writes fails if a watcher gets an error answer", async () => {
  const { code, err } = await run(serve({ woken: () => answer(8, 500) }));
  expect(code).not.toBe(0);
  expect(err).toContain("a watcher was answered HTTP/1.1 500");
});

test("watch-writes fails if a watcher is answered with an unchanged index", async () => {
  const { code, err } = await run(serve({ woken: () => answer(7) }));
  expect(code).not.toBe(0);
  expect(err).toContain("an answer without news");
});

test("watch-writes fails if the server answers a watcher before a write", async () => {
  const { code, err } = await run(serve({ watching: () => answer(8), woken: () => answer(8) }));
  expect(code).not.toBe(0);
  expect(err).toContain("although nothing had changed");
});
