import { AgentTokens } from "../../agent/agent-tokens.ts";
import type { AccessControlConfig, RuntimeConfig } from "../../config/runtime-config.ts";
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
import { AskedTokens, type TokenAnswer } from "../../registry/asked-tokens.ts";
import { StoredTokens, type TokenSource } from "../../registry/token-source.ts";
import { TokenTries } from "../../registry/token-tries.ts";

export interface Access {
  readonly callers: Callers;
  /** This server's own tokens; undefined while access control is off, and on a client agent. */
  readonly tokens?: StoredTokens | undefined;
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
  /** Called after the agent has been given a token of its own. */
  readonly onTokenGiven?: (() => void) | undefined;
}

/**
 * Creates the parts of a server that decide what each caller may do, and keeps the builtin and expired tokens in order while this server
 * leads.
 * @throws OperatingError invalid when the agent's tokens cannot be read
 */
export function openAccess(parts: Lifecycle, config: RuntimeConfig, accessParts: AccessParts): Access {
  const { accessControl } = config;
  const { store, clock, random } = accessParts;
  if (!accessControl) return withoutAccess(store);
  const log = accessParts.log.named("acl");
  parts.add(keepAclBuiltins(store, { masterSecret: accessControl.masterToken, clock, random, log }));
  parts.add(new ExpiredTokens(store, { clock, log }));
  const tokens = new StoredTokens(store);
  return { ...accessBy(tokens, accessControl, { ...accessParts, config }), tokens };
}

/**
 * Creates the parts of a client agent that decide what each caller may do.
 * @param ask asks a server about a secret. @throws OperatingError when none answers
 * @throws OperatingError invalid when the agent's tokens cannot be read
 */
export function openClientAccess(
  config: RuntimeConfig,
  { ask, ...accessParts }: AccessParts & { readonly ask: (secret: string) => Promise<TokenAnswer> },
): Access {
  const { accessControl } = config;
  const { store, clock } = accessParts;
  if (!accessControl) return withoutAccess(store);
  const { downPolicy, tokenTtlMs: ttlMs } = accessControl;
  const tokens = new AskedTokens({ ask, downPolicy, ttlMs, clock, log: accessParts.log.named("acl") });
  return accessBy(tokens, accessControl, { ...accessParts, config });
}

function withoutAccess(store: Registry): Access {
  return { callers: unlimitedCallers(store), agentTokens: undefined, observed: undefined };
}

function accessBy(
  source: TokenSource,
  { agentTokens: configured, defaultPolicy, guardsKeyLists, isObserved, persistsTokens }: AccessControlConfig,
  { config: { dataDir, datacenter }, ...parts }: AccessParts & { readonly config: RuntimeConfig },
): Access {
  const { store, node, clock, metrics } = parts;
  const log = parts.log.named("acl");
  const agentTokens = new AgentTokens(configured, {
    folder: persistsTokens ? dataDir : undefined,
    onGiven: parts.onTokenGiven,
    log: log.named("acl"),
  });
  const observed = isObserved ? new ObservedRefusals(clock) : undefined;
  const callers = new AccessControl(store, {
    ...{ source, defaultPolicy, guardsKeyLists, datacenter, node, clock },
    ...{ tokens: agentTokens, observed },
    tries: new TokenTries({ clock, log, refused: metrics.counter("praetor.acl.refused_tries") }),
  });
  return { callers, agentTokens, observed };
}
