import { aclObjectRoutes } from "../../src/http/acl-object-routes.ts";
import { AnswerCache } from "../../src/http/answer-cache.ts";
import { json } from "../../src/http/answers.ts";
import { ClientLimit } from "../../src/http/client-limit.ts";
import { PasswordLogins } from "../../src/http/logins/password-login.ts";
import { Verifiers } from "../../src/http/logins/verifiers.ts";
import type { Route } from "../../src/http/route.ts";
import { Router } from "../../src/http/router.ts";
import { listen } from "../../src/http/server.ts";
import { type Clock, systemClock } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import { Metrics } from "../../src/lib/metrics.ts";
import { systemRandom } from "../../src/lib/random.ts";
import { Coordinates } from "../../src/registry/coordinates.ts";
import { Nearness } from "../../src/registry/nearness.ts";
import { AccessControl } from "../../src/registry/access-control.ts";
import type { Store } from "../../src/registry/store.ts";
import { StoredTokens } from "../../src/registry/token-source.ts";
import { TokenTries } from "../../src/registry/token-tries.ts";
import { loneServer } from "./lone-server.ts";
import { nodeNamed } from "./state.ts";
import { openTestStore } from "./store.ts";

export interface AclServer {
  readonly url: string;
  readonly store: Store;
  readonly log: readonly string[];
  stop(): Promise<void>;
}

export interface AclServerOptions {
  /** The secret of the master token, which requests without a token have; undefined for none. */
  readonly masterSecret?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly clock?: Clock;
}

/**
 * Serves the endpoints of access control's objects on a store in memory, on a free port of 127.0.0.1. A token may what its policies
 * say about "acl".
 */
export async function startAclServer(options: AclServerOptions = {}): Promise<AclServer> {
  const { store } = openTestStore();
  const { masterSecret, dataDir, clock = systemClock } = options;
  const random = systemRandom;
  const lines: string[] = [];
  const log = createLog({ level: "info", json: false, clock, sink: (line) => lines.push(line) }, "http");
  const master = masterSecret === undefined ? undefined : { accessorId: random.uuid(), secretId: masterSecret };
  await store.submit({ type: "acl-initialize", master, nowMs: clock.wallMs() });
  const callers = new AccessControl(store, {
    source: new StoredTokens(store),
    ...{ defaultPolicy: "deny", guardsKeyLists: false, datacenter: "dc1", node: "n1", clock },
    tokens: { default: masterSecret ?? "", agentMaster: "" },
    tries: new TokenTries({ clock, log, refused: new Metrics(0).counter("r") }),
  });
  const verifiers = new Verifiers(clock);
  const passwords = new PasswordLogins({ clock, log, refused: new Metrics(0).counter("r") });
  const parts = {
    ...{ store, clock, random, log, dataDir, sendToLeader: undefined },
    ...{ observed: undefined, datacenter: "dc1", verifiers, passwords },
  };
  const self: Route = {
    path: "/v1/agent/self",
    access: "open",
    scope: "agent",
    methods: { GET: (request) => json(request, { Stats: { raft: { last_log_index: String(store.state.index) } } }) },
  };
  const router = new Router([...aclObjectRoutes(parts), self], {
    ...{ store, clock, random, log, sendToLeader: undefined, datacenter: "dc1", agent: { node: nodeNamed("n1") } },
    ...{ callers, queries: new Metrics(0).counter("q"), cluster: loneServer(store), answers: new AnswerCache() },
    nearness: new Nearness(new Coordinates(store, { own: "n1", areWanted: false, clock, log })),
    waitLimits: { defaultMs: 300_000, maxMs: 600_000 },
    ...{ cachedQuestions: undefined, clientLimit: new ClientLimit(0), metrics: new Metrics(0), headers: {} },
    ...{ isPretty: false, blocked: [], allowsUnprintable: false, mayWrite: undefined },
  });
  const server = await listen({
    listening: { name: "HTTP", portFlags: "-http-port" },
    ...{ addresses: ["127.0.0.1"], port: 0, router, clock, log },
    socketOwner: { user: "", group: "", mode: "" },
  });
  return {
    url: `http://${server.addresses[0]}`,
    store,
    log: lines,
    async stop() {
      await server.stop();
      await store.close();
    },
  };
}
