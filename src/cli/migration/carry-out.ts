import { isUnreachable } from "../../client/http.ts";
import { OperatingError } from "../../lib/errors.ts";
import type { CheckDefinition } from "../../model/check.ts";
import type { PreparedQuery } from "../../model/prepared-query.ts";
import type { ServiceDefinition } from "../../model/service.ts";
import { encodeCheckDefinition } from "../../wire/check-definition.ts";
import { encodeServiceDefinition } from "../../wire/service-definition.ts";
import type { AgentApi } from "../api-command.ts";
import type { Progress } from "../progress.ts";
import { type CarriedNode, encodeNodeItself, encodeNodesCheck, encodeNodesService } from "./carried-node.ts";
import { queryText } from "./definition-text.ts";
import { counted } from "./inventory.ts";
import type { Plan } from "./plan.ts";
import { groupsOf, type KeyWrite, writeKeys } from "./write-keys.ts";

export interface CarryOutOptions {
  readonly api: AgentApi;
  /** Whether to replace items whose value at the destination differs. */
  readonly overwrite: boolean;
  readonly progress: Progress;
  /** Stops the import before its next request, when the signal aborts. */
  readonly signal: AbortSignal;
}

export interface CarriedOut {
  /** Number of imported items. */
  readonly done: number;
  readonly total: number;
  /** One sentence for each item that the agent refused. */
  readonly failures: readonly string[];
  /** Why the import ended before it had sent all items. */
  readonly cutShort?: string;
}

/** One step of an import, which writes `count` items. */
interface Step {
  readonly count: number;
  readonly what: string;
  run(): Promise<void>;
  /** Smaller steps that write the same items, to run if the agent refuses this step. */
  readonly parts?: readonly Step[];
}

/** Carries out a plan, one request after the other. Continues after a request that the agent refuses. */
export async function carryOut(plan: Plan, options: CarryOutOptions): Promise<CarriedOut> {
  const steps = stepsOf(plan, options);
  const total = steps.reduce((sum, { count }) => sum + count, 0);
  const failures: string[] = [];
  let done = 0;
  const run = async (step: Step): Promise<void> => {
    options.signal.throwIfAborted();
    options.progress.show(`Importing: ${done} of ${total}`);
    try {
      await step.run();
      done += step.count;
    } catch (error) {
      if (!(error instanceof OperatingError) || isUnreachable(error)) throw error;
      if (step.parts === undefined) failures.push(`${step.what}: ${error.message}`);
      else for (const part of step.parts) await run(part);
    }
  };
  try {
    for (const step of steps) await run(step);
  } catch (error) {
    if (options.signal.aborted) return { done, total, failures, cutShort: "Interrupted" };
    if (!(error instanceof OperatingError)) throw error;
    return { done, total, failures, cutShort: `The agent was lost (${error.message})` };
  } finally {
    options.progress.end();
  }
  return { done, total, failures };
}

/** Returns the steps of an import. Keys come first, since services may read their keys as soon as they are registered. */
function stepsOf(plan: Plan, { api, overwrite }: CarryOutOptions): readonly Step[] {
  const chosen = <T>(difference: { missing: readonly T[]; other: readonly { item: T }[] }): readonly T[] =>
    overwrite ? [...difference.missing, ...difference.other.map(({ item }) => item)] : difference.missing;
  return [
    ...groupsOf(keyWrites(plan, overwrite)).map((group) => keysStep(api, group)),
    ...chosen(plan.services).map((each) => serviceStep(api, each)),
    ...chosen(plan.checks).map((each) => checkStep(api, each)),
    ...chosen(plan.nodes).map((each) => nodeStep(api, each)),
    ...plan.queries.missing.map((each) => queryStep(api, each, "")),
    ...(overwrite ? plan.queries.other : []).map(({ item, here }) => queryStep(api, item, here.id)),
  ];
}

function keyWrites({ keys }: Plan, overwrite: boolean): readonly KeyWrite[] {
  const replaced = overwrite ? keys.other.map(({ item, here }) => ({ entry: item, index: here.modifyIndex })) : [];
  return [...keys.missing.map((entry) => ({ entry, index: 0 })), ...replaced];
}

function keysStep(api: AgentApi, group: readonly KeyWrite[]): Step {
  const [first] = group;
  return {
    count: group.length,
    what: group.length === 1 && first !== undefined ? `the key ${first.entry.key}` : counted(group.length, "key"),
    run: () => writeKeys(api, group),
    ...(group.length > 1 && { parts: group.map((write) => keysStep(api, [write])) }),
  };
}

function serviceStep(api: AgentApi, definition: ServiceDefinition): Step {
  const path = "/v1/agent/service/register";
  const body = JSON.stringify(encodeServiceDefinition(definition, Number.MAX_SAFE_INTEGER));
  const query = { "replace-existing-checks": "true" };
  return putStep(api, `the service ${definition.service.id}`, [{ path, query, body }]);
}

function checkStep(api: AgentApi, check: CheckDefinition): Step {
  const body = JSON.stringify(encodeCheckDefinition(check, Number.MAX_SAFE_INTEGER));
  return putStep(api, `the check ${check.id}`, [{ path: "/v1/agent/check/register", body }]);
}

function nodeStep(api: AgentApi, { node, services, checks }: CarriedNode): Step {
  const checksOf = (serviceId: string): readonly object[] =>
    checks.filter((check) => check.serviceId === serviceId).map((check) => encodeNodesCheck(check, check.output));
  const path = "/v1/catalog/register";
  const itself = encodeNodeItself(node);
  const ofServices = services.map((service) => {
    const more = { SkipNodeUpdate: true, Service: encodeNodesService(service), Checks: checksOf(service.id) };
    return { path, body: JSON.stringify({ ...itself, ...more }) };
  });
  const first = { path, body: JSON.stringify({ ...itself, Checks: checksOf("") }) };
  return putStep(api, `the node ${node.name}`, [first, ...ofServices]);
}

function queryStep(api: AgentApi, query: PreparedQuery, id: string): Step {
  const what = `the prepared query ${JSON.stringify(query.name)}`;
  const run = async (): Promise<void> => {
    const target =
      id === ""
        ? ({ method: "POST", path: "/v1/query" } as const)
        : ({ method: "PUT", path: `/v1/query/${id}` } as const);
    await api.ok({ ...target, body: queryText(query) });
  };
  return { count: 1, what, run };
}

interface Put {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body: string;
}

function putStep(api: AgentApi, what: string, puts: readonly Put[]): Step {
  const run = async (): Promise<void> => {
    for (const put of puts) await api.ok({ method: "PUT", ...put });
  };
  return { count: 1, what, run };
}
