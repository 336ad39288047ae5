import type { Agent } from "../agent/agent.ts";
import type { AgentTokens } from "../agent/agent-tokens.ts";
import type { FileDefinitions } from "../agent/file-definitions.ts";
import { refuseFaults } from "../config/definitions.ts";
import { compileKvSchemas } from "../config/kv-schemas.ts";
import type { RuntimeConfig } from "../config/runtime-config.ts";
import type { ClientLimit } from "../http/client-limit.ts";
import type { Listeners } from "../http/listeners.ts";
import { messageOf, OperatingError } from "../lib/errors.ts";
import type { ValueChecks } from "../registry/value-checks.ts";
import type { ValueProtection } from "../registry/value-protection.ts";
import type { DaemonOptions } from "./daemon.ts";
import { definedIn } from "./parts/agent.ts";
import type { AgentTls } from "./parts/agent-tls.ts";
import { nodeMeta } from "./parts/node.ts";

/** The parts that a new configuration changes. */
interface Reloadable {
  readonly agent: Agent;
  /** The agent's own tokens; undefined while access control is off, which a reload does not change. */
  readonly agentTokens: AgentTokens | undefined;
  readonly definitions: FileDefinitions;
  /** Writes the node with its new meta to the catalog. */
  readonly registerNode: () => Promise<void>;
  readonly tls: AgentTls;
  readonly listeners: Listeners;
  readonly dns: { reload(dns: RuntimeConfig["dns"]): void };
  /** The part for core-keeper's API; undefined if the agent does not serve it. */
  readonly keeper: { reload(config: RuntimeConfig): void } | undefined;
  readonly clientLimit: ClientLimit;
  /** The protection of operators' values; undefined on a client agent, which stores none. */
  readonly protection: ValueProtection | undefined;
  /** The checks of the values of keys; undefined on a client agent, which stores none. */
  readonly valueChecks: ValueChecks | undefined;
}

/** Reads the configuration again and applies it. @throws OperatingError naming the fault in the new configuration */
export async function reload(options: DaemonOptions, parts: Reloadable): Promise<void> {
  const { log } = options;
  log.info("Reloading configuration...");
  options.onReloading();
  try {
    const next = options.readConfig();
    await apply(next, parts);
    options.setLogLevel(next.log.level);
    options.onReloaded(next);
    log.info("Configuration reloaded");
  } catch (thrown) {
    const error = inReload(thrown);
    options.onReloadFailed(messageOf(error));
    throw error;
  }
}

/** Consul: TLS settings that cannot be used have a text of their own in a reload. */
function inReload(error: unknown): unknown {
  if (!(error instanceof OperatingError) || error.code !== "tls-files") return error;
  return new OperatingError("invalid", "tls-files", `Failed reloading tls configuration: ${error.message}`, {
    cause: error,
  });
}

/**
 * Applies a configuration. The steps that can fail come first: definitions that cannot be read, schemas, certificates, the server's port
 * with them, definitions that cannot be registered. If one of these steps fails, nothing has changed.
 */
async function apply(next: RuntimeConfig, parts: Reloadable): Promise<void> {
  refuseFaults(next);
  const valueRules = await compileKvSchemas(next.kvSchemas);
  const changeTls = parts.tls.prepare(next);
  const undoTls = await changeTls();
  try {
    await parts.definitions.apply(definedIn(next));
  } catch (error) {
    await undoTls();
    throw error;
  }
  parts.agent.changeMeta(nodeMeta(next));
  parts.agent.discardOutput = next.discardCheckOutput;
  if (next.accessControl) parts.agentTokens?.reload(next.accessControl.agentTokens);
  parts.dns.reload(next.dns);
  parts.keeper?.reload(next);
  parts.valueChecks?.use(valueRules, next.kvSchemas?.isEnforced === true);
  parts.protection?.use(next.kvProtect);
  parts.clientLimit.max = next.httpConnectionsMax;
  await parts.registerNode();
  await parts.listeners.secure(parts.tls.forHttps);
}
