import { describe, expect, test } from "bun:test";
import { askInProcess } from "../../test/support/in-process.ts";
import { FakeRandom } from "../../test/support/fake-random.ts";
import { nodeNamed } from "../../test/support/state.ts";
import { loneServer } from "../../test/support/lone-server.ts";
import { openTestStore } from "../../test/support/store.ts";
import { createLog } from "../lib/log.ts";
import { Metrics } from "../lib/metrics.ts";
import { OperatingError, type ErrorKind } from "../lib/errors.ts";
import { Coordinates } from "../registry/coordinates.ts";
import { Nearness } from "../registry/nearness.ts";
import { ClientLimit } from "./client-limit.ts";
import { AnswerCache } from "./answer-cache.ts";
import { HttpError } from "./http-error.ts";
import type { Endpoint, Route } from "./route.ts";
import { unlimitedCallers } from "../registry/caller.ts";
import { Router, type RouterOptions } from "./router.ts";

const say =
  (name: string): Endpoint =>
  ({ rest, query }) =>
    new Response(`${name} rest=${rest} q=${query.get("q") ?? "-"}`);

function trial(
  routes: readonly Route[],
  options: Partial<RouterOptions> = {},
): { ask: (target: string, method?: string) => Promise<Response>; lines: string[] } {
  const lines: string[] = [];
  const { store, clock } = openTestStore();
  const log = createLog({ level: "info", json: false, clock, sink: (line) => lines.push(line) }, "http");
  const coordinates = new Coordinates(store, { own: "n1", areWanted: false, clock, log });
  const router = new Router(routes, {
    ...{ store, clock, log, datacenter: "dc1", cachedQuestions: undefined, agent: { node: nodeNamed("n1") } },
    ...{ nearness: new Nearness(coordinates), waitLimits: { defaultMs: 1, maxMs: 1 }, random: new FakeRandom() },
    cluster: loneServer(store),
    sendToLeader: undefined,
    callers: unlimitedCallers(store),
    answers: new AnswerCache(),
    queries: new Metrics(0).counter("consul.rpc.query"),
    clientLimit: new ClientLimit(0),
    metrics: new Metrics(0),
    headers: {},
    isPretty: false,
    blocked: [],
    allowsUnprintable: false,
    mayWrite: undefined,
    ...options,
  });
  const ask = async (target: string, method = "GET"): Promise<Response> => askInProcess(router, target, { method });
  return { ask, lines };
}

test("metrics count a kept answer each time it is sent again", async () => {
  const [answers, metrics] = [new AnswerCache(), new Metrics(0)];
  const { ask } = trial(tree, { answers, metrics, queries: metrics.counter("consul.rpc.query") });
  const answer = { status: 200, headers: new Headers(), body: "again" };
  answers.put("/v1/kv/a?raw", ["kv/a"], answer);
  for (let n = 0; n < 100; n++) expect(await (await ask("/v1/kv/a?raw")).text()).toBe("again");
  await ask("/v1/kv/b");
  expect(metrics.lastInterval().samples).toMatchObject([{ name: "consul.http.GET.v1.kv._", count: 101 }]);
  expect(metrics.lastInterval().counters).toMatchObject([{ name: "consul.rpc.query", count: 100 }]);
});

const tree: readonly Route[] = [
  { path: "/", access: "open", scope: "agent", methods: { GET: say("root") } },
  { path: "/v1/a", access: "open", scope: "agent", methods: { GET: say("exact") } },
  { path: "/v1/a/", access: "open", scope: "agent", methods: { GET: say("subtree"), PUT: say("put") } },
  { path: "/v1/a/b/", access: "open", scope: "agent", methods: { PUT: say("deeper") } },
  { path: "/v1/kv/", access: "open", scope: "agent", methods: { GET: say("kv"), PUT: say("kv") } },
];

describe("the router", () => {
  test.each([
    ["/", "root rest= q=-"],
    ["/v1/a", "exact rest= q=-"],
    ["/v1/a/", "subtree rest= q=-"],
    ["/v1/a/x/y?q=1", "subtree rest=x/y q=1"],
    ["/v1/a/caf%C3%A9%2F+?q=a+b", "subtree rest=café/+ q=a b"],
    ["/v1/kv/a//b/", "kv rest=a//b/ q=-"],
  ])(
    "chooses for %s the route of the exact path, else that of the longest subtree above the path",
    async (target, expected) => {
      const { ask } = trial(tree);
      expect(await (await ask(target)).text()).toBe(expected);
    },
  );

  test.each(["/v2", "/v1/b", "/v1", "/index.html"])(
    "answers %s, which has no route, with an empty 404",
    async (target) => {
      const response = await trial(tree).ask(target);
      expect([response.status, await response.text()]).toEqual([404, ""]);
    },
  );
});

describe("a request for a subtree without the final slash", () => {
  test("is redirected to the subtree, with the same query", async () => {
    const response = await trial(tree).ask("/v1/kv?recurse&dc=dc1");
    expect([response.status, response.headers.get("Location"), await response.text()]).toEqual([
      301,
      "/v1/kv/?recurse&dc=dc1",
      '<a href="/v1/kv/?recurse&amp;dc=dc1">Moved Permanently</a>.\n\n',
    ]);
  });

  test("is redirected without a body if the method is PUT", async () => {
    const response = await trial(tree).ask("/v1/kv?recurse", "PUT");
    expect([response.status, response.headers.get("Location")]).toEqual([301, "/v1/kv/?recurse"]);
    expect([response.headers.get("Content-Type"), await response.text()]).toEqual([null, ""]);
  });
});

describe("a request's method", () => {
  test("that the path does not allow is refused with the list of allowed methods", async () => {
    const response = await trial(tree).ask("/v1/a/x", "DELETE");
    expect([response.status, response.headers.get("Allow"), await response.text()]).toEqual([
      405,
      "OPTIONS,GET,PUT",
      "method DELETE not allowed",
    ]);
  });

  test("is looked up in the longest matching subtree, whatever shorter subtrees allow", async () => {
    expect((await trial(tree).ask("/v1/a/b/x")).status).toBe(405);
  });

  test("OPTIONS is answered with the list of allowed methods", async () => {
    const response = await trial(tree).ask("/v1/kv/a", "OPTIONS");
    expect([response.status, response.headers.get("Allow")]).toEqual([200, "OPTIONS,GET,PUT"]);
  });
});

describe("a route whose requests may name a datacenter", () => {
  const refuse = (): never => {
    throw new HttpError(500, "refused");
  };
  const { ask } = trial([
    { path: "/v1/write", access: "open", scope: "datacenter", methods: { PUT: () => () => new Response("written") } },
    { path: "/v1/invalid", access: "open", scope: "datacenter", methods: { PUT: refuse } },
    {
      path: "/v1/read",
      access: "open",
      scope: "datacenter",
      namespaced: true,
      failsWithMeta: true,
      methods: { GET: () => refuse, PUT: () => refuse },
    },
  ]);
  const answerTo = async (target: string, method?: string): Promise<readonly [number, string]> => {
    const response = await ask(target, method);
    return [response.status, await response.text()];
  };

  test("refuses a request for another datacenter before its operation runs, and accepts one for this datacenter", async () => {
    for (const query of ["", "?dc=", "?dc=dc1"])
      expect(await answerTo(`/v1/write${query}`, "PUT")).toEqual([200, "written"]);
    expect(await answerTo("/v1/write?dc=dc2", "PUT")).toEqual([500, "No path to datacenter"]);
    expect(await answerTo("/v1/invalid?dc=dc2", "PUT")).toEqual([500, "refused"]);
  });

  test("checks the query options of a GET, then the namespace, then the datacenter", async () => {
    expect(await answerTo("/v1/read?index=x&ns=a&dc=dc2")).toEqual([400, "Invalid index"]);
    expect((await answerTo("/v1/read?ns=a&dc=dc2"))[1]).toStartWith('Bad request: Invalid query parameter: "ns"');
    expect((await answerTo("/v1/read?index=x&ns=a", "PUT"))[1]).toStartWith(
      'Bad request: Invalid query parameter: "ns"',
    );
    expect(await answerTo("/v1/read?dc=dc2")).toEqual([500, "No path to datacenter"]);
  });

  test("sends the index headers with a failed GET if failsWithMeta is set, and with no failed PUT", async () => {
    for (const query of ["", "?dc=dc2"]) {
      expect((await ask(`/v1/read${query}`)).headers.get("X-Consul-Index")).toBe("1");
      expect((await ask(`/v1/read${query}`, "PUT")).headers.get("X-Consul-Index")).toBe(null);
    }
  });
});

describe("the configuration can forbid", () => {
  test("all paths that begin with a blocked prefix, and no other paths", async () => {
    const { ask } = trial(tree, { blocked: ["/v1/a/"] });
    const blocked = await ask("/v1/a/x");
    expect([blocked.status, await blocked.text()]).toEqual([403, "Endpoint is blocked by agent configuration"]);
    expect([(await ask("/v1/a")).status, (await ask("/v1/kv/v1/a/")).status]).toEqual([200, 200]);
    for (const spelling of ["/v1/%61/x", "/v1%2Fa/x", "/v1/a%2Fx"]) expect((await ask(spelling)).status).toBe(403);
  });

  test("writes from addresses outside the allowed networks", async () => {
    const { ask } = trial(tree, { mayWrite: (address) => address === "127.0.0.1" });
    expect([(await ask("/v1/a/x")).status, (await ask("/v1/a/x", "PUT")).status]).toEqual([200, 403]);
  });
});

test("the configured headers are on every answer, errors included", async () => {
  const { ask } = trial(tree, { headers: { "X-Site": "7" } });
  for (const target of ["/", "/nope", "/v1/kv", "/v1/a/%zz"]) {
    expect((await ask(target)).headers.get("X-Site")).toBe("7");
  }
});

describe("the response to an error", () => {
  const failing = (error: unknown): ReturnType<typeof trial> =>
    trial([
      {
        ...{ path: "/x", access: "open" },
        scope: "agent",
        methods: {
          GET: () => {
            throw error;
          },
        },
      },
    ]);

  test.each([
    ["invalid", 400],
    ["too-large", 413],
    ["rate-limited", 429],
    ["not-found", 500],
    ["denied", 500],
    ["conflict", 500],
    ["unavailable", 500],
    ["timeout", 500],
  ] as const)(
    "that is an OperatingError of kind %s has status %d and the error's text",
    async (kind: ErrorKind, status: number) => {
      const { ask, lines } = failing(new OperatingError(kind, "code", "the words"));
      const response = await ask("/x");
      expect([response.status, await response.text()]).toEqual([status, "the words"]);
      expect(lines.length).toBe(status === 500 ? 1 : 0);
    },
  );

  test("that is an HttpError has the error's status, headers and text", async () => {
    const { ask } = failing(new HttpError(404, "no", { "X-Why": "gone" }));
    const response = await ask("/x");
    expect([response.status, response.headers.get("X-Why"), await response.text()]).toEqual([404, "gone", "no"]);
  });

  test("that is a fault of the agent does not contain the cause, which is logged", async () => {
    const { ask, lines } = failing(new TypeError("secret"));
    const response = await ask("/x");
    expect([response.status, await response.text()]).toEqual([500, "internal error: the agent's log says more"]);
    expect(lines.join()).toContain("secret");
  });

  test.each(["/v1/a/%", "/v1/a/%zz", "/v1/a/%C3", "/v1/a/%00", "/v1/a/%0a", "/%zz"])(
    "in the encoding of the path %s has status 400",
    async (target) => {
      expect((await trial(tree).ask(target)).status).toBe(400);
    },
  );
});
