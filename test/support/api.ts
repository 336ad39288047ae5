import { KeyStreams } from "../../src/registry/key-streams.ts";
import { KvPast } from "../../src/registry/kv-history.ts";
import { AgentTokens } from "../../src/agent/agent-tokens.ts";
import { syncCatalog } from "../../src/agent/anti-entropy.ts";
import { ClientLimit } from "../../src/http/client-limit.ts";
import { AnswerCache, invalidateOnChange } from "../../src/http/answer-cache.ts";
import { CachedQuestions } from "../../src/http/cached-questions.ts";
import { OwnRequests } from "../../src/http/own-requests.ts";
import { Router, type RouterOptions } from "../../src/http/router.ts";
import type { Route } from "../../src/http/route.ts";
import { type Api, routes } from "../../src/http/routes.ts";
import { AccessControl } from "../../src/registry/access-control.ts";
import { PreparedQueries } from "../../src/registry/prepared-query-execution.ts";
import { type Callers, unlimitedCallers } from "../../src/registry/caller.ts";
import { PasswordLogins } from "../../src/http/logins/password-login.ts";
import { Verifiers } from "../../src/http/logins/verifiers.ts";
import { StoredTokens } from "../../src/registry/token-source.ts";
import { TokenTries } from "../../src/registry/token-tries.ts";
import { SessionTtls } from "../../src/registry/session-ttls.ts";
import { createLog, type Log } from "../../src/lib/log.ts";
import { MetricsHistory } from "../../src/lib/metrics-history.ts";
import { Metrics } from "../../src/lib/metrics.ts";
import { CheckTransitions } from "../../src/registry/check-transitions.ts";
import { Coordinates } from "../../src/registry/coordinates.ts";
import type { ListenerProbe } from "../../src/ports/listener-probe.ts";
import { thisMachine } from "../../src/ports/machine.ts";
import { ServicePorts, type PortRules } from "../../src/ports/service-ports.ts";
import { Events } from "../../src/registry/events.ts";
import { Nearness } from "../../src/registry/nearness.ts";
import { askInProcess } from "./in-process.ts";
import { startTestAgent, type TestAgent } from "./agent.ts";
import { FakeRandom } from "./fake-random.ts";
import { loneServer } from "./lone-server.ts";
import { defaultHistoryPolicy } from "./history.ts";

export interface TestApi extends TestAgent {
  readonly ports: ServicePorts;
  readonly events: Events;
  readonly answers: AnswerCache;
  readonly coordinates: Coordinates;
  /** The routes of the whole HTTP API. */
  readonly routes: readonly Route[];
  readonly router: Router;
  readonly httpLog: Log;
  /** Sends a request to the router without a socket. */
  readonly ask: (path: string, init?: RequestInit) => Promise<Response>;
}

export interface TestApiOptions extends Partial<RouterOptions> {
  /** The server of a cluster that the API shows; default: one that stands alone, whose catalog has the agent's services. */
  readonly server?: Pick<Api, "store" | "cluster" | "sendToLeader">;
  /** Whether access control is on, with "deny" as the default policy and no default token; default false. */
  readonly isDenying?: boolean;
  /** Returns the callers that the API has in place of the usual ones, such as ones with a planted fault. */
  readonly replaceCallers?: (usual: Callers, world: TestAgent) => Callers;
  readonly portRules?: Partial<PortRules>;
  /** The registrations of core-keeper's API; default: that API is off. */
  readonly keeperRegistrations?: Api["keeperRegistrations"];
  /** Resolves with whether a port is in use. The default is that no port is in use. */
  readonly probe?: ListenerProbe;
}

/** Starts the whole HTTP API over a test agent. */
export async function startTestApi(options: TestApiOptions = {}): Promise<TestApi> {
  const world = await startTestAgent();
  const { server = { store: world.store, cluster: loneServer(world.store), sendToLeader: undefined } } = options;
  const { store } = server;
  const answers = options.answers ?? new AnswerCache();
  const metrics = new Metrics(0);
  invalidateOnChange(answers, { ...world, store });
  const log = createLog(
    { level: "info", json: false, clock: world.clock, sink: (line) => world.log.push(line) },
    "http",
  );
  const coordinates = new Coordinates(store, {
    own: world.agent.node.name,
    areWanted: true,
    clock: world.clock,
    log,
  });
  const events = new Events(metrics.counter("events"));
  const ports = new ServicePorts({
    ...{ store, agent: world.agent, events, clock: world.clock, random: new FakeRandom(), log },
    rules: {
      policy: "warn",
      policies: new Map(),
      range: { first: 28_000, last: 28_999 },
      reserved: [],
      ...options.portRules,
    },
    ...{ ownNames: ["n1"], ownPorts: [8500] },
    machine: { ...thisMachine, openProbe: () => options.probe ?? (() => Promise.resolve(false)) },
  });
  const usualCallers = options.isDenying
    ? new AccessControl(store, {
        source: new StoredTokens(store),
        ...{ defaultPolicy: "deny", guardsKeyLists: false, datacenter: "dc1", node: world.agent.node.name },
        ...{ clock: world.clock, tokens: { default: "", agentMaster: "" } },
        tries: new TokenTries({ clock: world.clock, log, refused: metrics.counter("r") }),
      })
    : unlimitedCallers(store);
  const callers = options.replaceCallers?.(usualCallers, world) ?? usualCallers;
  const past = new KvPast(defaultHistoryPolicy);
  const api: Api = {
    ...server,
    joinServer: undefined,
    agentTokens: options.isDenying
      ? new AgentTokens({ default: "", agent: "", agent_master: "", replication: "" }, { folder: undefined, log })
      : undefined,
    callers,
    acl: options.isDenying
      ? {
          ...{ store, clock: world.clock, random: new FakeRandom(), log, dataDir: undefined, sendToLeader: undefined },
          ...{ observed: undefined, datacenter: "dc1", verifiers: new Verifiers(world.clock) },
          passwords: new PasswordLogins({ clock: world.clock, log, refused: metrics.counter("r") }),
        }
      : undefined,
    outputs: world.outputs,
    sessionTtls: new SessionTtls(store, { clock: world.clock, log }),
    coordinates,
    nearness: new Nearness(coordinates),
    agent: world.agent,
    preparedQueries: new PreparedQueries(store, {
      callers,
      ...{ clock: world.clock, metrics, random: new FakeRandom(), log },
      ...{ datacenter: "dc1", node: "n1" },
    }),
    answers,
    queries: metrics.counter("consul.rpc.query"),
    ownRequests: new OwnRequests(world.clock),
    metricsHistory: new MetricsHistory(metrics),
    transitions: new CheckTransitions(store, { outputs: world.outputs, clock: world.clock }),
    cachedQuestions: new CachedQuestions({ clock: world.clock, metrics }),
    events,
    ports,
    metrics,
    prometheus: true,
    readiness: { ping: () => Promise.resolve(), whyNotReady: () => Promise.resolve(undefined) },
    startedMs: 0,
    keeperRegistrations: options.keeperRegistrations,
    members: { all: [], forceLeave: async () => false },
    datacenter: "dc1",
    kvValueBytesMax: 512 * 1024,
    past,
    keyStreams: new KeyStreams(store, past),
    sessionTtlMsMin: 10_000,
    txnBytesMax: 512 * 1024,
    checkOutputBytesMax: 4096,
    waitLimits: { defaultMs: 300_000, maxMs: 600_000 },
    ui: undefined,
    self: () => ({ config: {}, debugConfig: {}, stats: {}, meta: {} }),
    host: () => Promise.resolve({}),
    reload: () => Promise.resolve(),
    resync: async () => void (await syncCatalog(world.agent)),
    leave: () => {},
    spread: () => {},
    clock: world.clock,
    random: new FakeRandom(),
    log,
  };
  const table = routes(api);
  const router = new Router(table, {
    ...api,
    clientLimit: new ClientLimit(0),
    headers: {},
    isPretty: false,
    blocked: [],
    allowsUnprintable: false,
    mayWrite: undefined,
    ...options,
  });
  api.ownRequests.attach(router, ["127.0.0.1:8500"]);
  return {
    ...world,
    ...{ answers, coordinates, events, ports, router, routes: table, httpLog: log },
    ask: async (path, init) => askInProcess(router, path, init),
  };
}
