import { Agent } from "../../agent/agent.ts";
import type { Catalog } from "../../agent/catalog.ts";
import { createAliasSource } from "../../agent/alias-source.ts";
import { type Defined, FileDefinitions } from "../../agent/file-definitions.ts";
import type { SavedRow } from "../../agent/local-state.ts";
import { RunningChecks } from "../../checks/running-checks.ts";
import { serfCheckId, serverServiceId } from "../../cluster/server-registration.ts";
import type { RuntimeConfig } from "../../config/runtime-config.ts";
import { formatPlace } from "../../config/syntax-tree.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { Node } from "../../model/node.ts";
import type { Platform } from "../platform.ts";
import type { AgentTls } from "./agent-tls.ts";

interface AgentParts {
  readonly node: Node;
  readonly catalog: Catalog;
  /** The rows that only this agent uses, as read from the engine at the start. */
  readonly local: readonly SavedRow[];
  readonly clock: Clock;
  readonly log: Log;
}

/** Opens the agent with the services and checks that clients registered before its last stop. Its checks do not run yet. */
export async function openAgent(
  config: RuntimeConfig,
  { node, catalog, local, clock, log }: AgentParts,
): Promise<Agent> {
  const agent = new Agent({
    ...{ node, catalog, clock, log },
    reserved: new Set([serverServiceId, serfCheckId]),
    scripts: { fromApi: config.enableScriptChecks, fromFiles: config.enableLocalScriptChecks },
    discardOutput: config.discardCheckOutput,
    sidecarPorts: config.sidecarPorts,
  });
  await agent.restore(local);
  return agent;
}

/** Registers the services and checks of the configuration files with the agent. */
export async function openDefinitions(config: RuntimeConfig, agent: Agent, log: Log): Promise<FileDefinitions> {
  const definitions = new FileDefinitions(agent, log);
  await definitions.start(definedIn(config));
  return definitions;
}

/** Returns the definitions of the configuration files, each with its file, line and column for the log. */
export function definedIn({ services, checks, origins, definitionFaults }: RuntimeConfig): Defined {
  const faults = definitionFaults.map(({ file, place, message }) => ({ where: formatPlace(file, place), message }));
  return { services, checks, origins, faults };
}

/** Runs the agent's checks until the agent stops. */
export function startChecks(agent: Agent, { clock, random, startCheck }: Platform, tls: AgentTls): void {
  const aliasSource = createAliasSource(agent);
  const platform = { clock, random, agentTls: () => tls.forChecks(agent.node.name) };
  const report = agent.checkResult.bind(agent);
  agent.startChecks(new RunningChecks({ platform, start: startCheck, aliasSource, report }));
}
