import { Autopilot } from "../../src/cluster/autopilot.ts";
import { AnswerCache } from "../../src/http/answer-cache.ts";
import type { Api } from "../../src/http/api.ts";
import { keepFresh } from "../../src/http/freshness.ts";
import { Router, type RouterOptions } from "../../src/http/router.ts";
import { routes } from "../../src/http/routes.ts";
import { PreparedQueries } from "../../src/registry/prepared-query-execution.ts";
import { SessionTtls } from "../../src/registry/session-ttls.ts";
import { createLog } from "../../src/lib/log.ts";
import { Metrics } from "../../src/lib/metrics.ts";
import { Events } from "../../src/registry/events.ts";
import { startTestAgent, type TestAgent } from "./agent.ts";
import { FakeRandom } from "./fake-random.ts";

export interface TestApi extends TestAgent {
  readonly answers: AnswerCache;
  /** Asks as a client would, without a socket. */
  readonly ask: (path: string, init?: RequestInit) => Promise<Response>;
}

/** The whole HTTP API over a test agent. */
export async function startTestApi(options: Partial<RouterOptions> = {}): Promise<TestApi> {
  const world = await startTestAgent();
  const answers = new AnswerCache();
  const metrics = new Metrics(0);
  keepFresh(answers, world);
  const log = createLog(
    { level: "info", json: false, clock: world.clock, sink: (line) => world.log.push(line) },
    "http",
  );
  const api: Api = {
    store: world.store,
    outputs: world.outputs,
    sessionTtls: new SessionTtls(world.store, { clock: world.clock, log }),
    agent: world.agent,
    preparedQueries: new PreparedQueries(world.store, { random: new FakeRandom(), log, datacenter: "dc1", node: "n1" }),
    answers,
    events: new Events(metrics.counter("events")),
    metrics,
    prometheus: true,
    autopilot: new Autopilot(),
    startedMs: 0,
    members: () => [],
    leader: "127.0.0.1:8300",
    datacenter: "dc1",
    kvValueBytesMax: 512 * 1024,
    sessionTtlMsMin: 10_000,
    txnBytesMax: 512 * 1024,
    checkOutputBytesMax: 4096,
    waitLimits: { defaultMs: 300_000, maxMs: 600_000 },
    ui: undefined,
    self: () => ({ config: {}, debugConfig: {}, stats: {}, meta: {} }),
    host: () => Promise.resolve({}),
    reload: () => Promise.resolve(),
    leave: () => {},
    clock: world.clock,
    random: new FakeRandom(),
    log,
  };
  const { clock } = api;
  const router = new Router(routes(api), {
    answers,
    log,
    metrics,
    clock,
    headers: {},
    blocked: [],
    mayWrite: undefined,
    ...options,
  });
  return {
    ...world,
    answers,
    ask: async (path, init) => router.handle(new Request(`http://agent${path}`, init), () => "192.0.2.7"),
  };
}
