import { AgentTokens } from "../../agent/agent-tokens.ts";
import type { RuntimeConfig } from "../../config/runtime-config.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { Metrics } from "../../lib/metrics.ts";
import type { Random } from "../../lib/random.ts";
import { keepAclBuiltins } from "../../registry/acl-builtins.ts";
import { ExpiredTokens } from "../../registry/expired-tokens.ts";
import type { Lifecycle } from "../lifecycle.ts";
import { AccessControl } from "../../registry/access-control.ts";
import { type Callers, unlimitedCallers } from "../../registry/caller.ts";
import { ObservedRefusals } from "../../registry/observed-refusals.ts";
import type { Registry } from "../../registry/registry.ts";
import { TokenTries } from "../../registry/token-tries.ts";

export interface Access {
  readonly callers: Callers;
  /** The agent's own tokens; undefined while access control is off. */
  readonly agentTokens: AgentTokens | undefined;
  /** The refusals that were only recorded; undefined unless access control only observes. */
  readonly observed: ObservedRefusals | undefined;
}

interface AccessParts {
  readonly store: Registry;
  /** The name of this agent's node. */
  readonly node: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
  readonly log: Log;
}

/**
 * Creates the parts that decide what each caller may do, and keeps the builtin and expired tokens in order while this server leads.
 * @throws OperatingError invalid when the agent's tokens cannot be read
 */
export function openAccess(
  parts: Lifecycle,
  { accessControl, dataDir, datacenter }: RuntimeConfig,
  { store, node, clock, random, metrics, log: rootLog }: AccessParts,
): Access {
  if (!accessControl) return { callers: unlimitedCallers(store), agentTokens: undefined, observed: undefined };
  const { agentTokens: configured, defaultPolicy, guardsKeyLists, persistsTokens } = accessControl;
  const log = rootLog.named("acl");
  parts.add(keepAclBuiltins(store, { masterSecret: accessControl.masterToken, clock, random, log }));
  parts.add(new ExpiredTokens(store, { clock, log }));
  const agentTokens = new AgentTokens(configured, {
    folder: persistsTokens ? dataDir : undefined,
    log: log.named("acl"),
  });
  const observed = accessControl.isObserved ? new ObservedRefusals(clock) : undefined;
  const callers = new AccessControl(store, {
    ...{ defaultPolicy, guardsKeyLists, datacenter, node, clock },
    ...{ tokens: agentTokens, observed },
    tries: new TokenTries({ clock, log, refused: metrics.counter("praetor.acl.refused_tries") }),
  });
  return { callers, agentTokens, observed };
}
