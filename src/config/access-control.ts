import { OperatingError } from "../lib/errors.ts";
import type { AccessControlConfig } from "./runtime-config.ts";
import type { Settings } from "./settings.ts";

/** Builds the settings of access control; undefined if it is off. @throws OperatingError invalid */
export function buildAccessControl(settings: Settings): AccessControlConfig | undefined {
  const datacenter = settings.text("acl_datacenter").toLowerCase();
  if (!/^[a-z0-9_-]*$/.test(datacenter))
    throw invalid(
      `acl_datacenter cannot be ${JSON.stringify(datacenter)}. Please use only [a-z0-9-_]${settings.from("acl_datacenter")}`,
    );
  // Consul: naming the datacenter of access control turns it on, unless acl.enabled says otherwise.
  const enabled = settings.optionalFlag("acl.enabled") ?? datacenter !== "";
  if (!enabled) return undefined;
  return {
    isObserved: observes(settings),
    defaultPolicy: oneOf(settings, defaultPolicyNames, { kind: "default", values: policies }),
    masterToken: textOf(settings, { present: "acl.tokens.master", legacy: "acl_master_token" }),
    downPolicy: oneOf(settings, downPolicyNames, { kind: "down", values: downPolicies }),
    tokenTtlMs: shortestTtlMs(settings),
    agentTokens: {
      default: textOf(settings, { present: "acl.tokens.default", legacy: "acl_token" }),
      agent: textOf(settings, { present: "acl.tokens.agent", legacy: "acl_agent_token" }),
      agent_master: textOf(settings, { present: "acl.tokens.agent_master", legacy: "acl_agent_master_token" }),
      replication: textOf(settings, { present: "acl.tokens.replication", legacy: "acl_replication_token" }),
    },
    persistsTokens: settings.flag("acl.enable_token_persistence"),
    guardsKeyLists: settings.flag("acl.enable_key_list_policy") || settings.flag("acl_enable_key_list_policy"),
  };
}

/** The two names of a field: Consul has renamed all fields of access control, and the present name wins. */
interface Names {
  readonly present: string;
  readonly legacy: string;
}

const defaultPolicyNames: Names = { present: "acl.default_policy", legacy: "acl_default_policy" };
const downPolicyNames: Names = { present: "acl.down_policy", legacy: "acl_down_policy" };
const policies = ["allow", "deny"] as const;
const downPolicies = ["extend-cache", "async-cache", "allow", "deny"] as const;

/** Consul's default of each of its three times, in milliseconds. */
const ttlMsDefault = 30_000;

/**
 * Returns how long a client agent relies on an answer of its servers about a token, in milliseconds. An answer has the token's policies
 * and roles, too, so the shortest of Consul's three times holds for all of it.
 */
function shortestTtlMs(settings: Settings): number {
  const tokenTtl = settings.has("acl.token_ttl") ? "acl.token_ttl" : "acl_ttl";
  const ttls = [tokenTtl, "acl.policy_ttl", "acl.role_ttl"];
  return Math.min(...ttls.map((path) => (settings.has(path) ? settings.number(path) : ttlMsDefault)));
}

function observes(settings: Settings): boolean {
  const mode = settings.text("acl.mode") || "enforce";
  if (mode === "enforce" || mode === "observe") return mode === "observe";
  const message = `Unsupported ACL mode: ${mode}. It is one of enforce and observe${settings.from("acl.mode")}`;
  throw new OperatingError("invalid", "invalid-config", message);
}

/** Returns a setting by its present name, else by its legacy name; "" without one. */
export function textOf(settings: Settings, { present, legacy }: Names): string {
  return settings.text(present) || settings.text(legacy);
}

/** The policies of one kind, the default one first. */
interface PolicyKind<T> {
  readonly kind: "default" | "down";
  readonly values: readonly T[];
}

function oneOf<T extends string>(settings: Settings, names: Names, { kind, values }: PolicyKind<T>): T {
  const given = textOf(settings, names);
  const [first] = values;
  const known = given === "" ? first : values.find((value) => value === given);
  if (known !== undefined) return known;
  const from = settings.from(settings.has(names.present) ? names.present : names.legacy);
  throw invalid(`Unsupported ${kind} ACL policy: ${given}. It is one of ${values.join(" and ")}${from}`);
}

function invalid(message: string): OperatingError {
  return new OperatingError("invalid", "invalid-config", message);
}
