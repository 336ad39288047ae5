import { everything, type Rights } from "../../acl/rights.ts";
import type { Agent } from "../../agent/agent.ts";
import { toCatalogCheck } from "../../agent/local-state.ts";
import { serviceHealth, type AggregatedStatus, type ServiceHealth } from "../../agent/service-health.ts";
import type { Clock } from "../../lib/clock.ts";
import { parseBool } from "../../lib/go-bool.ts";
import { withJitter, type Random } from "../../lib/random.ts";
import type { Service, ServiceDefinition } from "../../model/service.ts";
import type { PortOutcome } from "../../ports/port-registrations.ts";
import type { ServicePorts } from "../../ports/service-ports.ts";
import type { WaitLimits } from "../../registry/blocking-query.ts";
import { permissionDenied } from "../../registry/permissions.ts";
import { contentHash } from "../../wire/content-hash.ts";
import { encodeAgentService } from "../../wire/service.ts";
import { encodeAgentHealth } from "../../wire/agent-health.ts";
import { agentServiceFields } from "../../wire/filter-fields.ts";
import { renderGoJson } from "../../wire/go-json.ts";
import { RowMap } from "../../wire/json-parts.ts";
import { parseJson } from "../../wire/json.ts";
import { encodePortNotice, portChangedHeader, portChangedText } from "../../wire/port-record.ts";
import { decodeServiceDefinition } from "../../wire/service-definition.ts";
import { empty, json, jsonInTurns, jsonText } from "../answers.ts";
import { demand, demandByName, demandToken } from "../demand.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import { bodyBytesMax } from "../limits.ts";
import { parseWaiting } from "../query-options.ts";
import type { Pieces } from "../pieces.ts";
import { compile } from "../read.ts";
import { renderInTurns } from "../render-in-turns.ts";
import type { Endpoint } from "../route.ts";

export interface AgentServiceParts {
  readonly agent: Agent;
  readonly ports: Pick<ServicePorts, "register">;
  readonly waitLimits: WaitLimits;
  /** Maximum size of a check's stored output in bytes, unless the check sets its own maximum. */
  readonly checkOutputBytesMax: number;
  readonly clock: Clock;
  readonly random: Random;
}

type OnlyAgent = Pick<AgentServiceParts, "agent">;

export function listAgentServices({ agent }: OnlyAgent): Endpoint {
  const wholeList = keepWholeList(agent);
  return (request) => {
    const { rights } = request.caller;
    if (request.query.get("filter") || request.pretty || rights !== everything)
      return jsonInTurns(request, encodeServices(agent, rights, compile(request, agentServiceFields)));
    const list = wholeList();
    return list instanceof Promise ? list.then((late) => jsonText(request, late)) : jsonText(request, list);
  };
}

function encodeServices(agent: Agent, rights: Rights, accept: (row: object) => boolean): RowMap {
  return RowMap.of(agent.services, ({ service }) => {
    if (!rights.may("service", "read", service.name)) return undefined;
    const row = encodeAgentService(service);
    return accept(row) ? row : undefined;
  });
}

/**
 * Returns a function that renders the list of all services, and renders it again only after a service was added, replaced or
 * removed: EdgeX's services request the list every few seconds, and rendering 700 services takes 10 ms.
 */
function keepWholeList(agent: Agent): () => string | Promise<Pieces> {
  let kept: string | Promise<Pieces> | undefined;
  return () => {
    if (kept !== undefined) return kept;
    const list = renderInTurns(
      encodeServices(agent, everything, () => true),
      { pretty: false },
    );
    kept = list;
    const stopWatching = agent.watchServices(() => {
      kept = undefined;
      stopWatching();
    });
    return list;
  };
}

export function getAgentService(parts: AgentServiceParts): Endpoint {
  return async (request) => {
    const { waitMs } = parseWaiting(request.query);
    const known = request.query.get("hash") ?? "";
    const find = (): Service | undefined => parts.agent.services.get(request.rest)?.service;
    const hasIt = (): boolean => {
      const service = find();
      return known !== "" && service !== undefined && known === contentHash(service);
    };
    if (hasIt()) {
      await waitWhile(parts, request, { holds: hasIt, waitMs });
      await request.caller.refresh();
    }
    const service = find();
    if (!service) throw new HttpError(404, `unknown service ID: ${request.rest}`);
    demand(request, "service", "read", service.name);
    const hash = contentHash(service);
    return json(request, encodeAgentService(service, hash), { "X-Consul-Contenthash": hash });
  };
}

/** Resolves once a change of the services makes `holds` return false, the wait is over, or the client disconnects. */
function waitWhile(
  { agent, clock, random, waitLimits: { maxMs } }: AgentServiceParts,
  { signal }: HttpRequest,
  { holds, waitMs = maxMs }: { readonly holds: () => boolean; readonly waitMs: number | undefined },
): Promise<void> {
  const longest = Math.min(waitMs || maxMs, maxMs);
  return new Promise((resolve) => {
    const end = (): void => {
      stopWatching();
      timer.cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const stopWatching = agent.watchServices(() => {
      if (!holds()) end();
    });
    const timer = clock.schedule(withJitter(longest, random), end);
    signal.addEventListener("abort", end);
  });
}

export function registerAgentService({ agent, ports, checkOutputBytesMax }: AgentServiceParts): Endpoint {
  return async (request) => {
    const definition = decodeServiceDefinition(parseJson(await request.body(bodyBytesMax)), {
      source: "api",
      outputBytesMax: checkOutputBytesMax,
    });
    demandForDefinition(request, definition, agent);
    const replaceExistingChecks = isSet(request, "replace-existing-checks");
    const beforeListening = isGoClient(request) && definition.checks.length === 0;
    const { token } = request;
    const outcome = await ports.register(definition, { source: "api", replaceExistingChecks, beforeListening, token });
    return answerPortOutcome(request, outcome);
  };
}

/** Demands the right to register a service, to replace the one with its id, and to be the proxy of another. */
function demandForDefinition(
  request: HttpRequest,
  { service, sidecar }: Pick<ServiceDefinition, "service" | "sidecar">,
  agent: Agent,
): void {
  demandByName(request, "service", service.name);
  const replaced = agent.services.get(service.id)?.service;
  // Consul: the error names the new service for the replaced one, too.
  if (replaced && !request.caller.rights.may("service", "write", replaced.name))
    throw permissionDenied(`service:write on ${service.name}`);
  if (service.proxy) demandByName(request, "service", service.proxy.destinationServiceName);
  if (sidecar) demandForDefinition(request, sidecar, agent);
}

/**
 * Returns the answer to a registration. Consul's answer is empty; clients that do not support reassigned ports ignore the body.
 * @throws HttpError 409 if the policy refuses the port
 */
function answerPortOutcome(request: HttpRequest, outcome: PortOutcome): Response {
  if (outcome.kind === "refused") throw new HttpError(409, outcome.reason);
  const { change } = outcome;
  if (change === undefined) return empty();
  return json(request, encodePortNotice(change), { [portChangedHeader]: portChangedText(change) });
}

/** Returns whether the client is one of EdgeX's Go clients, which register before they listen, and add a check later. */
function isGoClient({ raw }: HttpRequest): boolean {
  return raw.headers.get("user-agent")?.startsWith("Go-http-client/") ?? false;
}

export function deregisterAgentService({ agent }: OnlyAgent): Endpoint {
  return async (request) => {
    if (request.rest === "") throw new HttpError(500, "ServiceID missing");
    demandForKnown(request, agent);
    await agent.deregisterService(request.rest);
    return empty();
  };
}

/**
 * Demands the right to change the agent's service whose id is the rest of the path. Consul: with access control on, an unknown service
 * is an error.
 */
export function demandForKnown(request: HttpRequest, agent: Agent): void {
  if (!request.caller.isChecked) return;
  demandToken(request);
  const known = agent.services.get(request.rest)?.service;
  if (!known) throw new HttpError(500, `Unknown service {${JSON.stringify(request.rest)} {}}`);
  demandByName(request, "service", known.name);
}

export function getServiceHealthById({ agent }: OnlyAgent): Endpoint {
  return (request) => {
    const id = request.rest;
    if (id === "") throw new HttpError(500, "Bad request: Missing serviceID");
    const found = agent.services.get(id);
    if (found) demand(request, "service", "read", found.service.name);
    if (found) return answerHealth(agent, request, serviceHealth(agent, found.service));
    const reason = `ServiceId ${id} not found`;
    const headers = { "X-Consul-Reason": headerValue(reason) };
    // Consul: with `format=text` the body is a JSON string here, and plain text in all other answers.
    const body = wantsText(request) ? reason : { AggregatedStatus: "critical", Service: null, Checks: null };
    return jsonText(request, renderGoJson(body, { pretty: request.pretty }), { status: 404, headers });
  };
}

export function getServiceHealthByName({ agent }: OnlyAgent): Endpoint {
  return (request) => {
    const name = request.rest;
    if (name === "") throw new HttpError(500, "Bad request: Missing service Name");
    demand(request, "service", "read", name);
    const found = [...agent.services.values()].filter(({ service }) => service.name === name);
    if (found.length === 0) return unknownName(request, name);
    const healths = found.map(({ service }) => serviceHealth(agent, service));
    const worst = worstOf(healths.map(({ status }) => status));
    return answerStatus(request, worst, () => healths.map((health) => encodeHealth(agent, health)));
  };
}

function unknownName(request: HttpRequest, name: string): Response {
  const reason = `ServiceName ${name} Not Found`;
  const headers = { "X-Consul-Reason": headerValue(reason) };
  if (wantsText(request)) return plainText(404, reason, headers);
  return jsonText(request, renderGoJson([], { pretty: request.pretty }), { status: 404, headers });
}

function answerHealth(agent: Agent, request: HttpRequest, health: ServiceHealth): Response {
  return answerStatus(request, health.status, () => encodeHealth(agent, health));
}

function encodeHealth(agent: Agent, { service, status, checks }: ServiceHealth): object {
  const shown = checks.map((check) => ({
    check: toCatalogCheck(agent.node.name, check, check.definition.serviceId === "" ? undefined : service),
    output: check.output,
  }));
  return encodeAgentHealth({ service, status, checks: shown });
}

function answerStatus(request: HttpRequest, status: AggregatedStatus, body: () => unknown): Response {
  const headers = { "X-Consul-Reason": status };
  if (wantsText(request)) return plainText(healthStatus[status], status, headers);
  const options = { status: healthStatus[status], headers };
  return jsonText(request, renderGoJson(body(), { pretty: request.pretty }), options);
}

function plainText(status: number, body: string, headers: Record<string, string>): Response {
  return new Response(body, { status, headers: { "Content-Type": "text/plain", Vary: "Accept-Encoding", ...headers } });
}

const healthStatus: Readonly<Record<AggregatedStatus, number>> = {
  passing: 200,
  warning: 429,
  critical: 503,
  maintenance: 503,
};

const severity: readonly AggregatedStatus[] = ["passing", "warning", "critical", "maintenance"];

function worstOf(statuses: readonly AggregatedStatus[]): AggregatedStatus {
  return statuses.reduce((worst, status) => (severity.indexOf(status) > severity.indexOf(worst) ? status : worst));
}

/** Returns whether the client wants plain text. Consul: if Accept begins with "text/plain", or `format` is "text". */
function wantsText({ raw, query }: HttpRequest): boolean {
  return raw.headers.get("accept")?.startsWith("text/plain") || query.get("format") === "text";
}

/** Returns the value of a flag. Consul: a flag without a value is true, one whose value is not a boolean is false. */
function isSet({ query }: HttpRequest, name: string): boolean {
  const value = query.get(name);
  return value === "" || (value !== undefined && parseBool(value) === true);
}

/** Encodes text for a header, which Consul sends as UTF-8: returns a string with one character for each UTF-8 byte. */
function headerValue(text: string): string {
  return Buffer.from(text).toString("latin1");
}
