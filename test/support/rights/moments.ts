import type { Event } from "../../../src/model/event.ts";
import type { AclTokenRow } from "../../../src/model/acl.ts";
import type { State } from "../../../src/state/state.ts";
import type { Access, Resource } from "../../../src/acl/rights.ts";
import { modelMay, type ModelRule, modelMayWriteTree } from "./rights-model.ts";

/** All that the agent holds from one change to the next. */
export interface Moment {
  readonly state: State;
  readonly events: readonly Event[];
}

/** A moment as the holder of one token may see it. */
export interface View extends Moment {
  /** The holder's token; undefined if none that exists and has not expired has its secret. */
  readonly token: AclTokenRow | undefined;
  may(resource: Resource, access: Access, name?: string): boolean;
  mayWriteTree(prefix: string): boolean;
}

/** The rules of each policy text, as they were before they became a text. */
export type RulesByText = ReadonlyMap<string, readonly ModelRule[]>;

const management = "00000000-0000-0000-0000-000000000001";

/** Returns a moment as the holder of a token sees it, at a time of the wall clock. */
export function viewOf(
  moment: Moment,
  { secret, nowMs, texts }: { readonly secret: string; readonly nowMs: number; readonly texts: RulesByText },
): View {
  const token = tokenOf(moment.state, secret, nowMs);
  if (!token) return { ...moment, token, may: () => false, mayWriteTree: () => false };
  const rules = rulesOf(moment.state, token, texts);
  if (rules === "all") return { ...moment, token, may: () => true, mayWriteTree: () => true };
  return {
    ...moment,
    token,
    may: (resource, access, name = "") => modelMay(rules, "deny", { resource, access, name }),
    mayWriteTree: (prefix) => modelMayWriteTree(rules, "deny", prefix),
  };
}

function tokenOf(state: State, secret: string, nowMs: number): AclTokenRow | undefined {
  const token = [...state.aclTokens.values()].find(({ secretId }) => secretId === secret);
  return token && (token.expirationTime === null || Date.parse(token.expirationTime) > nowMs) ? token : undefined;
}

function rulesOf(state: State, token: AclTokenRow, texts: RulesByText): readonly ModelRule[] | "all" {
  const roles = [...state.aclRoles.values()].filter(({ id }) => token.roles.includes(id));
  const holders = [token, ...roles];
  const ids = holders.flatMap(({ policies }) => policies);
  if (ids.includes(management) || (token.type === "management" && ids.length === 0)) return "all";
  const policies = [...state.aclPolicies.values()].filter(({ id }) => ids.includes(id));
  return [
    ...policies.flatMap(({ rules }) => textOf(texts, rules)),
    ...(token.rules === "" ? [] : textOf(texts, token.rules)),
    ...holders.flatMap((each) => each.serviceIdentities).flatMap(({ serviceName }) => identityOfService(serviceName)),
    ...holders.flatMap((each) => each.nodeIdentities).flatMap(({ nodeName }) => identityOfNode(nodeName)),
  ];
}

function textOf(texts: RulesByText, text: string): readonly ModelRule[] {
  const rules = texts.get(text);
  if (!rules) throw new Error(`no policy was written with this text: ${text}`);
  return rules;
}

/** Consul: a service identity may write its service and its sidecar proxy, and read all services and nodes. */
function identityOfService(service: string): readonly ModelRule[] {
  return [
    rule("service", service, "write"),
    rule("service", `${service}-sidecar-proxy`, "write"),
    { ...rule("service", "", "read"), isPrefix: true },
    { ...rule("node", "", "read"), isPrefix: true },
  ];
}

/** Consul: a node identity may write its node, and read all services. */
function identityOfNode(node: string): readonly ModelRule[] {
  return [rule("node", node, "write"), { ...rule("service", "", "read"), isPrefix: true }];
}

function rule(resource: string, name: string, level: string): ModelRule {
  return { resource, isPrefix: false, name, level, intentions: "" };
}
