import { anonymousToken } from "../acl/builtin.ts";
import { agentMasterRights, nothing, ObservingRights, type Rights } from "../acl/rights.ts";
import type { Clock } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import { isSameSecret } from "../lib/same-secret.ts";
import { type AclTokenRow, bareToken, goTimeMs, isRootWord } from "../model/acl.ts";
import { getAclRoleNamed } from "../state/acl-lookup.ts";
import type { Topic } from "../state/topics.ts";
import { type Caller, type Callers, pageWithoutToken, type SentToken } from "./caller.ts";
import { GrantRights, type GrantRightsOptions, type SharedRights } from "./grant-rights.ts";
import { GuardedRegistry } from "./guarded-registry.ts";
import { type ObservedRefusals, unknownToken } from "./observed-refusals.ts";
import type { Registry } from "./registry.ts";
import { type Grant, grantOf, type TokenSource, type Undecided } from "./token-source.ts";
import type { TokenTries } from "./token-tries.ts";

export interface AccessControlOptions extends GrantRightsOptions {
  readonly source: TokenSource;
  /** Whether listing keys needs the right to list their prefix. */
  readonly guardsKeyLists: boolean;
  /** The name of this agent's node. */
  readonly node: string;
  /** The secrets of the agent's own tokens, which a request can change. */
  readonly tokens: OwnTokens;
  readonly tries: TokenTries;
  readonly clock: Clock;
  /** Receives what would be refused, and nothing is; undefined if refusals are to be refused. */
  readonly observed?: ObservedRefusals | undefined;
}

/** The secrets of the tokens that an agent itself has; "" for none. */
interface OwnTokens {
  /** The token of each request of a program that brings none, and of DNS. */
  readonly default: string;
  /** A token that holds on this agent alone. */
  readonly agentMaster: string;
}

/** Maximum number of callers that are kept; more are made again at their next request. */
const keptMax = 10_000;

/**
 * Finds the rights of each caller by its token.
 *
 * Rights are computed at a token's first use, and again after a change of any token, policy or role, so a change holds at once. Tokens
 * with the same policies and identities share one set of rights, and with it the kept answers.
 */
export class AccessControl implements Callers {
  readonly areLimited = true;
  readonly #registry: Registry;
  readonly #parts: CallerParts;
  /** By secret: the callers that bring their token, and those for which an agent's default token stands. */
  readonly #bringers = new Map<string, Caller>();
  readonly #others = new Map<string, Caller>();
  /** By their keys: the callers of services with a JWT. They are apart from tokens, so that no secret can name one. */
  readonly #services = new Map<string, Caller>();

  constructor(registry: Registry, options: AccessControlOptions) {
    this.#registry = registry;
    const agentRights = agentMasterRights(options.node);
    this.#parts = { options, registry, grants: new GrantRights(options), agentRights };
  }

  get topics(): readonly Topic[] {
    return this.#parts.options.source.topics;
  }

  get areAsked(): boolean {
    return this.#parts.options.source.isAsked;
  }

  callerOf(sent: SentToken, agentToken: string = this.#parts.options.tokens.default): Caller {
    const { source } = this.#parts.options;
    const bringsToken = typeof sent === "string";
    // A page is lent no token of an agent.
    const secret = bringsToken ? sent : (sent === pageWithoutToken ? "" : agentToken) || anonymousToken.secretId;
    return keptIn(bringsToken ? this.#bringers : this.#others, secret, () => {
      const find = (): Found => findToken(source, secret);
      return new TokenCaller(this.#parts, { secret, bringsToken, find });
    });
  }

  callerOfService(service: string): Caller {
    return keptIn(this.#services, service, () => {
      const find = (): Found => this.#grantOfService(service);
      return new TokenCaller(this.#parts, { secret: undefined, service, bringsToken: true, find });
    });
  }

  /** Returns the grant of a service with a JWT: that of the role that is named after it, if there is one. */
  #grantOfService(service: string): Grant {
    const { state } = this.#registry;
    const name = `edgex-${service}`;
    const role = getAclRoleNamed(state, name);
    // Roles are found in any letter case; keys of services differ in it.
    const roles = role?.name === name ? [role.id] : [];
    const names = { accessorId: "", secretId: "", description: `JWT of ${service}`, createIndex: 0, modifyIndex: 0 };
    return grantOf(state, { ...bareToken, ...names, roles });
  }
}

type Found = Grant | Undecided;

/** The parts of access control that all its callers use. */
interface CallerParts {
  readonly options: AccessControlOptions;
  readonly registry: Registry;
  readonly grants: GrantRights;
  readonly agentRights: Rights;
}

/** The identity of a caller: a token, or the JWT of a service. */
interface Identity {
  /** The secret of its token; undefined for a JWT. */
  readonly secret: string | undefined;
  /** The service to which its JWT was issued. */
  readonly service?: string;
  readonly bringsToken: boolean;
  /** Finds the source of its rights. @throws OperatingError forbidden when its token does not exist */
  readonly find: () => Found;
}

interface Resolved extends SharedRights {
  /** The source's version of the token when the rights were computed. */
  readonly version: number;
  readonly token: AclTokenRow;
  /** The wall-clock time at which the token expires, in milliseconds; Infinity if it does not. */
  readonly endsMs: number;
}

/** A caller whose rights follow from a token or from a JWT. It keeps them until the source has another version of them. */
class TokenCaller implements Caller {
  readonly registry: Registry;
  readonly #parts: CallerParts;
  readonly #identity: Identity;
  #last: Resolved | undefined;
  #observing: ObservingRights | undefined;
  /** The agent master token with which the secret was compared last, since that is slow, and the result. */
  #compared = "";
  #isAgentMaster = false;

  constructor(parts: CallerParts, identity: Identity) {
    this.#parts = parts;
    this.#identity = identity;
    this.registry = new GuardedRegistry(parts.registry, () => this.#ownRights);
  }

  get isChecked(): boolean {
    return true;
  }

  get isObserved(): boolean {
    return this.#parts.options.observed !== undefined;
  }

  get allowsByDefault(): boolean {
    return this.#parts.options.defaultPolicy === "allow";
  }

  get guardsKeyLists(): boolean {
    return this.#parts.options.guardsKeyLists;
  }

  get bringsToken(): boolean {
    return this.#identity.bringsToken;
  }

  get rights(): Rights {
    return this.#hasAgentMaster ? this.#parts.agentRights : this.#ownRights;
  }

  get rightsKey(): string {
    // No answer to an observed caller is kept, so the key names none.
    return this.isObserved ? "observed" : this.#resolve().rightsKey;
  }

  get token(): AclTokenRow {
    return this.#resolve().token;
  }

  refresh(): Promise<void> | undefined {
    const { secret } = this.#identity;
    // The agent's own master token and the words that are no tokens are known without a server.
    if (secret === undefined || this.#hasAgentMaster || isRootWord(secret)) return undefined;
    return this.#parts.options.source.refresh(secret);
  }

  prepare(address: () => string | undefined): Promise<void> | undefined {
    const { secret, bringsToken } = this.#identity;
    const isRefused = bringsToken && secret !== undefined && this.#parts.options.tries.refuses(secret, address);
    return isRefused ? undefined : this.refresh();
  }

  admits(address: () => string | undefined): boolean {
    const { secret, bringsToken } = this.#identity;
    if (!bringsToken || secret === undefined) return true;
    const { tries } = this.#parts.options;
    if (this.#isUndecided(secret)) return !tries.refuses(secret, address);
    return tries.admits(this, secret, hasRights(this), address);
  }

  /** Returns whether no server could decide about the secret, which therefore counts neither as a token nor as a guess. */
  #isUndecided(secret: string): boolean {
    const { source } = this.#parts.options;
    const found = source.isAsked && !this.#hasAgentMaster ? source.find(secret) : undefined;
    return found !== undefined && "undecided" in found;
  }

  get #hasAgentMaster(): boolean {
    const { secret } = this.#identity;
    const { agentMaster } = this.#parts.options.tokens;
    if (agentMaster !== this.#compared) {
      this.#compared = agentMaster;
      this.#isAgentMaster = secret !== undefined && agentMaster !== "" && isSameSecret(secret, agentMaster);
    }
    return this.#isAgentMaster;
  }

  /** The rights by the token. While refusals are only recorded, an unknown token counts as one that may do nothing. */
  get #ownRights(): Rights {
    const { observed } = this.#parts.options;
    if (!observed) return this.#resolve().rights;
    let found: Pick<Resolved, "token" | "rights"> = { token: unknownToken, rights: nothing };
    try {
      found = this.#resolve();
    } catch (error) {
      if (!(error instanceof OperatingError && error.kind === "forbidden")) throw error;
    }
    const { token, rights } = found;
    if (this.#observing?.real !== rights)
      this.#observing = new ObservingRights(rights, (resource, access, name) =>
        observed.add(token, { resource, access, name }),
      );
    return this.#observing;
  }

  /** @throws OperatingError forbidden "acl-not-found" */
  #resolve(): Resolved {
    const { clock, source } = this.#parts.options;
    const version = source.versionOf(this.#identity.secret ?? "");
    if (this.#last?.version !== version) this.#last = this.#compute(version);
    // Most tokens never expire, and need no look at the clock.
    if (this.#last.endsMs !== Infinity && this.#last.endsMs <= clock.wallMs()) throw aclNotFound();
    return this.#last;
  }

  #compute(version: number): Resolved {
    const { find, service } = this.#identity;
    const found = find();
    if ("undecided" in found)
      return { version, token: undecidedToken, endsMs: Infinity, rights: found.undecided, rightsKey: "undecided" };
    const { token } = found;
    const endsMs = token.expirationTime === null ? Infinity : goTimeMs(token.expirationTime);
    return { version, token, endsMs, ...this.#parts.grants.of(found, service) };
  }
}

/** Stands for a token about which no server could decide. */
const undecidedToken: AclTokenRow = { ...unknownToken, description: "A token about which no server could decide" };

/** @throws OperatingError forbidden "acl-not-found" */
function findToken(source: TokenSource, secret: string): Found {
  // Consul: these words, which once were tokens, are errors wherever a token is resolved.
  if (isRootWord(secret)) throw new OperatingError("conflict", "acl-root", "Cannot resolve root ACL");
  const found = source.find(secret);
  if (!found) throw aclNotFound();
  return found;
}

/** Returns the caller with this key, which `make` makes at the first use. */
function keptIn(callers: Map<string, Caller>, key: string, make: () => Caller): Caller {
  const known = callers.get(key);
  if (known) return known;
  const caller = make();
  if (callers.size >= keptMax) callers.clear();
  callers.set(key, caller);
  return caller;
}

function hasRights(caller: Caller): boolean {
  try {
    return caller.rights !== undefined;
  } catch {
    return false;
  }
}

function aclNotFound(): OperatingError {
  return new OperatingError("forbidden", "acl-not-found", "ACL not found");
}
