import { OperatingError } from "../lib/errors.ts";
import { compileFilter, type FilterFields } from "../lib/filter/compile-filter.ts";
import { evaluateInterpolation, parseInterpolation } from "../lib/interpolation.ts";
import {
  isIdentityName,
  isRoleName,
  type AclAuthMethod,
  type AclBindingRule,
  type NodeIdentity,
  type ServiceIdentity,
} from "../model/acl.ts";

/** The facts that an auth method has verified about a client that logs in. */
export interface LoginIdentity {
  /** The object that selectors of binding rules are about. */
  readonly fields: object;
  /** The variables that the names of binding rules can have. */
  readonly variables: ReadonlyMap<string, string>;
}

/** The links that the binding rules give to the token of an identity. */
export interface Bindings {
  readonly serviceIdentities: readonly ServiceIdentity[];
  readonly nodeIdentities: readonly NodeIdentity[];
  /** Names of roles, which need not exist. */
  readonly roleNames: readonly string[];
}

const text = { kind: "string" } as const;

/** The fields of the identities of each type of auth method that a selector can name. */
const identityFields: Readonly<Record<string, FilterFields>> = {
  jwt: { value: { kind: "map", values: text }, list: { kind: "map", values: { kind: "strings" } } },
  userpass: { value: { kind: "object", fields: { name: text, groups: { kind: "strings" } } } },
  kubernetes: { serviceaccount: { kind: "object", fields: { namespace: text, name: text, uid: text } } },
};

/** Compiles the selector of a binding rule. @throws OperatingError invalid, code "filter" */
export function compileSelector(selector: string, { type }: Pick<AclAuthMethod, "type">): (fields: object) => boolean {
  return compileFilter(selector, identityFields[type] ?? {});
}

/** Returns the variables that the identities of an auth method have. */
export function identityVariables({ type, config }: Pick<AclAuthMethod, "type" | "config">): string[] {
  if (type === "kubernetes") return ["namespace", "name", "uid"].map((name) => `serviceaccount.${name}`);
  if (type === "userpass") return ["value.name"];
  const mappings = Object.entries(config).find(([name]) => name.toLowerCase() === "claimmappings")?.[1];
  if (typeof mappings !== "object" || mappings === null) return [];
  return Object.values(mappings).map((name) => `value.${String(name)}`);
}

/**
 * Returns the name to which a binding rule binds an identity, in lower case.
 * @throws OperatingError invalid, code "interpolation"
 */
export function bindNameOf(
  { bindName }: Pick<AclBindingRule, "bindName">,
  variables: LoginIdentity["variables"],
): string {
  return evaluateInterpolation(parseInterpolation(bindName), { variables, functions: new Map() }).toLowerCase();
}

/** Returns whether a service, node or role can have the name. */
export function isBindName({ bindType }: Pick<AclBindingRule, "bindType">, name: string): boolean {
  return bindType === "role" ? isRoleName(name) : isIdentityName(name);
}

/**
 * Returns what those of an auth method's rules give whose selector matches the identity; undefined if none matches.
 * @param datacenter that of the node identities
 * @throws OperatingError denied, code "login-refused", for a name that is not valid
 */
export function bindingsOf(
  identity: LoginIdentity,
  {
    method,
    rules,
    datacenter,
  }: {
    readonly method: AclAuthMethod;
    readonly rules: readonly AclBindingRule[];
    readonly datacenter: string;
  },
): Bindings | undefined {
  const matching = rules.filter(({ selector }) => compileSelector(selector, method)(identity.fields));
  if (matching.length === 0) return undefined;
  const names = matching.map((rule) => [rule.bindType, boundName(rule, identity)] as const);
  const boundTo = (type: string): string[] => names.filter(([bound]) => bound === type).map(([, name]) => name);
  return {
    serviceIdentities: boundTo("service").map((serviceName) => ({ serviceName, datacenters: [] })),
    nodeIdentities: boundTo("node").map((nodeName) => ({ nodeName, datacenter })),
    roleNames: boundTo("role"),
  };
}

function boundName(rule: AclBindingRule, { variables }: LoginIdentity): string {
  const type = JSON.stringify(rule.bindType);
  try {
    const name = bindNameOf(rule, variables);
    if (isBindName(rule, name)) return name;
    throw loginRefused(`computed ${type} bind name for bind target is invalid: ${JSON.stringify(name)}`);
  } catch (error) {
    if (error instanceof OperatingError && error.code === "interpolation")
      throw loginRefused(`cannot compute ${type} bind name for bind target: ${error.message}`);
    throw error;
  }
}

/** Makes the error for a login with credentials that are not valid. Consul: such errors have status 500. */
export function loginRefused(why: string): OperatingError {
  return new OperatingError("denied", "login-refused", why);
}
