import { expect, test } from "bun:test";
import { serviceWith } from "../../test/support/agent.ts";
import { startTestApi, type TestApi } from "../../test/support/api.ts";
import { keySet } from "../../test/support/state.ts";

/** Paths whose answers differ each time or never end. */
const changing: ReadonlySet<string> = new Set([
  ...["/v1/agent/metrics", "/v1/agent/monitor", "/v1/snapshot", "/v1/praetor/changes/"],
]);

const id = "5a8b1a2e-7d3c-4f55-9a51-0123456789ab";
const names = ["", "web", "nosuch", "n1", "a", "folder/", "folder/empty", "service-defaults/x", id];

const queries = [
  ...["", "pretty", "raw", "recurse", "recurse=true", "keys", "passing", "format=text", "dc=elsewhere", "ns=x"],
  ...["near=_agent", "node-meta=a:b", "filter=ServiceName+!=+web", "index=99999", "execute"],
];

const clients: readonly RequestInit[] = [
  {},
  { headers: { Accept: "text/plain" } },
  { headers: { "Accept-Encoding": "gzip", "X-Consul-Token": "x" } },
  { headers: { "User-Agent": "edgex", "Accept-Encoding": "gzip;q=0" } },
  { headers: { "X-Consul-Namespace": "x", "Cache-Control": "max-age=x" } },
  { method: "HEAD" },
];

async function startFilledApi(): Promise<TestApi> {
  const api = await startTestApi();
  await api.agent.registerService(serviceWith("web", ["up"]), { source: "api" });
  for (const key of ["a", "folder/b"]) await api.store.submit(keySet(key, "x".repeat(2_000)));
  await api.store.submit(keySet("folder/empty", ""));
  return api;
}

/** Returns every path that allows GET; a path that ends in "/" once for each of `names`, some of which do not exist. */
function pathsOf({ routes }: TestApi): readonly string[] {
  const readable = routes.filter(({ path, methods }) => methods.GET !== undefined && !changing.has(path));
  return readable.flatMap(({ path }) =>
    path.length > 1 && path.endsWith("/") ? names.map((name) => path + name) : [path],
  );
}

test("each client that repeats a read gets the same answer again, also after other clients' reads of the same path", async () => {
  const api = await startFilledApi();
  const ask = async (path: string, client: RequestInit): Promise<string> => {
    const response = await api.ask(path, client);
    const body = Buffer.from(await response.arrayBuffer()).toString("base64");
    return JSON.stringify([path, client, response.status, Object.fromEntries(response.headers), body]);
  };
  const paths = pathsOf(api).flatMap((path) => queries.map((query) => (query === "" ? path : `${path}?${query}`)));
  expect(paths.length).toBeGreaterThan(1_000);
  const others: string[] = [];
  for (const path of paths) {
    const first: string[] = [];
    for (const client of clients) {
      api.answers.clear();
      first.push(await ask(path, client));
    }
    api.answers.clear();
    for (let time = 0; time < 2; time += 1) {
      for (const [at, client] of clients.entries()) {
        const again = await ask(path, client);
        if (again !== first[at]) others.push(`${first[at]} then ${again}`);
      }
    }
  }
  expect([others.length, others[0]]).toEqual([0, undefined]);
});
