import { toCatalogCheck } from "../../agent/local-state.ts";
import { serviceHealth, type AggregatedStatus, type ServiceHealth } from "../../agent/service-health.ts";
import type { Service } from "../../model/service.ts";
import { contentHash } from "../../wire/content-hash.ts";
import { encodeAgentService } from "../../wire/service.ts";
import { encodeAgentHealth } from "../../wire/agent-health.ts";
import { agentServiceFields } from "../../wire/filter-fields.ts";
import { goMap, renderGoJson } from "../../wire/go-json.ts";
import { parseJson } from "../../wire/json.ts";
import { decodeServiceDefinition } from "../../wire/service-definition.ts";
import { empty, json, jsonText } from "../answers.ts";
import type { Api, Endpoint } from "../api.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import { bodyBytesMax } from "../limits.ts";
import { answerPortOutcome } from "../port-outcome.ts";
import { parseBool } from "../../lib/go-bool.ts";
import { parseWaiting } from "../query-options.ts";
import { compile } from "../read.ts";

export function listAgentServices(api: Api): Endpoint {
  const wholeList = keepWholeList(api);
  return (request) => {
    const filter = request.query.get("filter") ?? "";
    if (filter !== "" || request.pretty)
      return json(request, encodeServices(api, compile(filter, agentServiceFields, {})));
    return jsonText(request, wholeList());
  };
}

function encodeServices({ agent }: Api, accept: (row: object) => boolean): Record<string, object> {
  const services: Record<string, object> = {};
  for (const [id, { service }] of agent.services) {
    const row = encodeAgentService(service);
    if (accept(row)) services[id] = row;
  }
  return goMap(services);
}

/**
 * All services, rendered once for all who ask until one comes, is replaced or goes: EdgeX's services ask every few seconds,
 * and 700 services take 10 ms.
 */
function keepWholeList(api: Api): () => Uint8Array<ArrayBuffer> {
  let kept: Uint8Array<ArrayBuffer> | undefined;
  return () => {
    if (kept) return kept;
    const services = encodeServices(api, () => true);
    const list = Buffer.from(renderGoJson(services, { pretty: false }));
    kept = list;
    const stopWatching = api.agent.watchServices(() => {
      kept = undefined;
      stopWatching();
    });
    return list;
  };
}

export function getAgentService(api: Api): Endpoint {
  return async (request) => {
    const { waitMs } = parseWaiting(request.query);
    const known = request.query.get("hash") ?? "";
    const find = (): Service | undefined => api.agent.services.get(request.rest)?.service;
    const hasIt = (): boolean => {
      const service = find();
      return known !== "" && service !== undefined && known === contentHash(service);
    };
    if (hasIt()) await waitWhile(api, request, { holds: hasIt, waitMs });
    const service = find();
    if (!service) throw new HttpError(404, `unknown service ID: ${request.rest}`);
    const hash = contentHash(service);
    return json(request, encodeAgentService(service, hash), { "X-Consul-Contenthash": hash });
  };
}

/** Until `holds` is no longer so, the time is over, or the client goes. */
function waitWhile(
  { agent, clock, random, waitLimits: { maxMs } }: Api,
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
    const timer = clock.schedule(longest + (random.uniform() * longest) / 16, end);
    signal.addEventListener("abort", end);
  });
}

export function registerAgentService(api: Api): Endpoint {
  return async (request) => {
    const definition = decodeServiceDefinition(parseJson(await request.body(bodyBytesMax)), {
      source: "api",
      outputBytesMax: api.checkOutputBytesMax,
    });
    const replaceExistingChecks = isSet(request, "replace-existing-checks");
    const beforeListening = isGoClient(request) && definition.checks.length === 0;
    const outcome = await api.ports.register(definition, { source: "api", replaceExistingChecks, beforeListening });
    return answerPortOutcome(request, outcome);
  };
}

/** EdgeX's Go clients register without checks, before they listen, and add their check afterwards. */
function isGoClient({ raw }: HttpRequest): boolean {
  return raw.headers.get("user-agent")?.startsWith("Go-http-client/") ?? false;
}

export function deregisterAgentService(api: Api): Endpoint {
  return async (request) => {
    if (request.rest === "") throw new HttpError(500, "ServiceID missing");
    await api.agent.deregisterService(request.rest);
    return empty();
  };
}

export function getServiceHealthById(api: Api): Endpoint {
  return (request) => {
    const id = request.rest;
    if (id === "") throw new HttpError(500, "Bad request: Missing serviceID");
    const found = api.agent.services.get(id);
    if (found) return answerHealth(api, request, serviceHealth(api.agent, found.service));
    const reason = `ServiceId ${id} not found`;
    const headers = { "X-Consul-Reason": headerValue(reason) };
    // Consul: the text form is a JSON string here, and only here.
    const body = wantsText(request) ? reason : { AggregatedStatus: "critical", Service: null, Checks: null };
    return jsonText(request, renderGoJson(body, { pretty: request.pretty }), { status: 404, headers });
  };
}

export function getServiceHealthByName(api: Api): Endpoint {
  return (request) => {
    const name = request.rest;
    if (name === "") throw new HttpError(500, "Bad request: Missing service Name");
    const found = [...api.agent.services.values()].filter(({ service }) => service.name === name);
    if (found.length === 0) return unknownName(request, name);
    const healths = found.map(({ service }) => serviceHealth(api.agent, service));
    const worst = worstOf(healths.map(({ status }) => status));
    return answerStatus(request, worst, () => healths.map((health) => encodeHealth(api, health)));
  };
}

function unknownName(request: HttpRequest, name: string): Response {
  const reason = `ServiceName ${name} Not Found`;
  const headers = { "X-Consul-Reason": headerValue(reason) };
  if (wantsText(request)) return plainText(404, reason, headers);
  return jsonText(request, renderGoJson([], { pretty: request.pretty }), { status: 404, headers });
}

function answerHealth(api: Api, request: HttpRequest, health: ServiceHealth): Response {
  return answerStatus(request, health.status, () => encodeHealth(api, health));
}

function encodeHealth(api: Api, { service, status, checks }: ServiceHealth): object {
  const shown = checks.map((check) => ({
    check: toCatalogCheck(api.agent.node.name, check, check.definition.serviceId === "" ? undefined : service),
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

/** Consul: an Accept header that begins so, or else the format. */
function wantsText({ raw, query }: HttpRequest): boolean {
  return raw.headers.get("accept")?.startsWith("text/plain") || query.get("format") === "text";
}

/** Consul: a flag without a value is on, one that is not a boolean is off. */
function isSet({ query }: HttpRequest, name: string): boolean {
  const value = query.get(name);
  return value === "" || (value !== undefined && parseBool(value) === true);
}

/** Consul sends names in headers as UTF-8; each byte of it goes as one character here. */
function headerValue(text: string): string {
  return Buffer.from(text).toString("latin1");
}
