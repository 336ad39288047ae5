import { isMeant } from "../../agent/event-filter.ts";
import type {
  CatalogCommit,
  CheckOutputs,
  ContentsAnswer,
  ContentsRequest,
  ServerOutputs,
} from "../../cluster/catalog-calls.ts";
import { admitCommit } from "../../cluster/guarded-commit.ts";
import { type JoinRequest, nodeOf } from "../../cluster/join-call.ts";
import type { AgentHandler, Handlers, LinkedAgents } from "../../cluster/linked-agents.ts";
import { answerTokenCall, tokenCall, type TokenAnswering } from "../../cluster/token-call.ts";
import type { RuntimeConfig } from "../../config/runtime-config.ts";
import type { DnsClient, PacketResponder } from "../../dns/responder.ts";
import { ClientLimit } from "../../http/client-limit.ts";
import { leadershipLost } from "../../engine/replicated-engine.ts";
import { answerForwarded, type ForwardedRequest, serverUiPath } from "../../http/forwarding.ts";
import { Router } from "../../http/router.ts";
import { type Api, routes } from "../../http/routes.ts";
import { copyOf } from "../../lib/copy-of.ts";
import { Metrics } from "../../lib/metrics.ts";
import type { IncomingCall } from "../../link/link.ts";
import type { Event } from "../../model/event.ts";
import type { CheckOutputs as KnownOutputs } from "../../registry/check-outputs.ts";
import type { LocalRows } from "../../registry/local-rows.ts";
import { NodeCatalog } from "../../registry/node-catalog.ts";
import type { StoredTokens } from "../../registry/token-source.ts";
import { waitForChange } from "../../registry/blocking-query.ts";
import { topics } from "../../state/topics.ts";
import { webFiles } from "../../web-files.ts";

interface ClientCallParts {
  readonly api: Api;
  readonly localRows: LocalRows;
  readonly responder: PacketResponder;
  readonly linked: LinkedAgents;
  /** This server's own tokens; undefined while access control is off. */
  readonly tokens: StoredTokens | undefined;
  /** Tells the other servers new outputs of a linked agent's checks. */
  readonly tellOutputs: (outputs: ServerOutputs) => void;
}

/** The longest wait of "node-contents", in milliseconds. */
const contentsMsMax = 60_000;

/** A question of a DNS client that asked a client agent. */
export interface DnsCall extends DnsClient {
  readonly packet: Uint8Array;
}

/** Returns the handlers of the calls by which client agents use this server. */
export function clientCalls(config: RuntimeConfig, parts: ClientCallParts): Handlers {
  const { api, localRows, linked, responder } = parts;
  const { store, outputs, events, agent, clock, random } = api;
  let router: Router | undefined;
  const catalogOf = ({ name: node }: JoinRequest): NodeCatalog => new NodeCatalog(store, { localRows, outputs, node });
  return {
    http: (call, { name: agentNode, role }) => {
      // Another server passes on what the leader alone may do, and this server would pass it on again.
      if (role === "server" && !store.leads) return Promise.reject(leadershipLost());
      router ??= routerFor(config, api);
      const request = { head: headOf<ForwardedRequest>(call), body: call.body };
      // Without a token of the client or of its agent, a request has the anonymous token, and not the default one of this server.
      const agentToken = role === "client" ? "" : undefined;
      return answerForwarded(router, request, { agentNode, agentToken, signal: call.signal });
    },
    [tokenCall]: async (call) => {
      const freshen: TokenAnswering["freshen"] = (consistency) => store.freshen(consistency);
      return { head: await answerTokenCall(headOf<string>(call), { tokens: parts.tokens, freshen }) };
    },
    members: () => Promise.resolve({ head: api.members.all }),
    dns: async (call, { name: agentNode }) => {
      const { packet, network, address, agentToken = "" } = headOf<DnsCall>(call);
      const answer = await responder.respond(packet, { network, address, agentNode, agentToken });
      return { head: answer ? copyOf(answer) : null };
    },
    "catalog-commit": async (call, from) => {
      const { change, refused } = await admitCommit(ownChange(headOf<CatalogCommit>(call), from), api);
      await catalogOf(from).commit(change);
      return { head: refused };
    },
    "node-contents": async (call, from) => {
      const { node, after, withOutputs } = headOf<ContentsRequest>(call);
      const watched = [topics.nodeChecks(node), topics.node(node)];
      const wait = { waitMs: contentsMsMax, limits: { defaultMs: contentsMsMax, maxMs: contentsMsMax } };
      await waitForChange(store, watched, { index: after ?? 0, ...wait, signal: call.signal, clock, random });
      const contents = catalogOf(from).contentsOf(node, { withOutputs });
      return { head: { index: store.indexOf(watched), ...contents } satisfies ContentsAnswer };
    },
    "check-output": (call, { name: node }) => {
      const changed = headOf<CheckOutputs>(call);
      setOutputs(outputs, { node, outputs: changed });
      parts.tellOutputs({ node, outputs: changed });
      return Promise.resolve(done);
    },
    event: async (call, from) => {
      const event = headOf<Event>(call);
      events.receive(event, { remember: isMeant(event, agent) });
      spreadEvent(linked, event, from);
      return done;
    },
  } satisfies Record<string, AgentHandler>;
}

/** Sends an event to all agents that are linked with this server, but not back to the one from which it came. */
export function spreadEvent({ all }: LinkedAgents, event: Event, from?: JoinRequest): void {
  for (const agent of all)
    // The server that took the event tells all servers. An agent whose link is lost has missed it, as one that does not run.
    if (agent.id !== from?.id && !(isServer(from) && isServer(agent)))
      agent.link.call({ kind: "event", head: event }).catch(() => {});
}

function isServer(agent: JoinRequest | undefined): boolean {
  return agent?.role === "server";
}

/** Takes over new outputs of the checks of a node. */
export function setOutputs(known: KnownOutputs, { node, outputs }: ServerOutputs): void {
  for (const { id, serviceName, output } of outputs)
    if (output === undefined) known.delete(node, id);
    else known.set({ node, id, serviceName }, output);
}

const done = { head: null };

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- each call says which head its kind has
function headOf<T>({ head }: IncomingCall): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the agent has proved that it belongs to this cluster
  return head as T;
}

/** Returns the router for requests that client agents pass on. Their own settings apply to them, not those of this server. */
function routerFor(config: RuntimeConfig, api: Api): Router {
  return new Router(routes({ ...api, ui: { contentPath: serverUiPath, pages: webFiles, isReadOnly: false } }), {
    ...api,
    // The client agent counts the requests.
    metrics: new Metrics(0),
    clientLimit: new ClientLimit(0),
    headers: {},
    isPretty: config.devMode,
    blocked: [],
    allowsUnprintable: true,
    mayWrite: undefined,
  });
}

/** Returns a change as one of the agent's own node, so that an agent changes no other node's rows. */
function ownChange({ registrations = [], deregistrations = [] }: CatalogCommit, from: JoinRequest): CatalogCommit {
  const node = nodeOf(from);
  return {
    registrations: registrations.map(({ service, checks, token }) => ({
      ...{ node, token },
      service,
      checks: checks.map((check) => ({ ...check, node: node.name })),
    })),
    deregistrations: deregistrations.map(({ serviceId, checkId }) => ({ serviceId, checkId })),
  };
}
