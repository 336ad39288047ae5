import { emptyRules, type NamedRule, type Rules } from "./rules.ts";

/** New tokens, policies and roles may not have an id that begins so. */
export const reservedIdPrefix = "00000000-0000-0000-0000-0000000000";

const prefixResources = ["agent", "event", "key", "keyring", "node", "operator", "query", "service", "session"];

function managementRules(): string {
  const blocks = prefixResources.map((resource) => {
    if (resource === "keyring" || resource === "operator") return `${resource} = "write"\n`;
    const intentions = resource === "service" ? '\tintentions = "write"\n' : "";
    return `${resource}_prefix "" {\n\tpolicy = "write"\n${intentions}}\n`;
  });
  return `\nacl = "write"\n${blocks.join("")}`.slice(0, -1);
}

/** The policy that grants everything. Its rules and datacenters never change. */
export const globalManagementPolicy: Readonly<Record<"id" | "name" | "description" | "rules", string>> = {
  id: `${reservedIdPrefix}01`,
  name: "global-management",
  description: "Builtin Policy that grants unlimited access",
  rules: managementRules(),
};

/** The token of each request that brings none. */
export const anonymousToken: Readonly<Record<"accessorId" | "secretId" | "description", string>> = {
  accessorId: `${reservedIdPrefix}02`,
  secretId: "anonymous",
  description: "Anonymous Token",
};

/** Returns the rules of a service identity: what the service and its sidecar proxy need. */
export function serviceIdentityRules(service: string): Rules {
  return {
    scalars: { acl: "", keyring: "", operator: "" },
    exact: {
      ...emptyRules(),
      service: [
        { name: service, policy: "write", intentions: "" },
        { name: `${service}-sidecar-proxy`, policy: "write", intentions: "" },
      ],
    },
    prefix: {
      ...emptyRules(),
      node: [{ name: "", policy: "read", intentions: "" }],
      service: [{ name: "", policy: "read", intentions: "" }],
    },
  };
}

const keeperStem = "edgex/v4/";
const commonConfiguration = `${keeperStem}core-common-config-bootstrapper`;

/**
 * Returns the rules of a service of EdgeX 4, as EdgeX 3's policies for Consul grant them: its own configuration and registration, the
 * common configuration, and to find the others. Two things differ. EdgeX's policies name nodes that begin with "edgex"; core-keeper
 * knows no nodes. Their prefix of a service's keys also holds the keys of services whose names begin with its own; this one does not.
 */
export function edgexServiceRules(service: string): Rules {
  const own = keeperStem + service;
  const rule = (name: string, policy: string): NamedRule => ({ name, policy, intentions: "" });
  const shared = own === commonConfiguration ? [] : [commonConfiguration];
  return {
    scalars: { acl: "", keyring: "", operator: "" },
    exact: {
      ...emptyRules(),
      key: [rule(own, "write"), ...shared.map((name) => rule(name, "read"))],
      service: [rule(service, "write")],
    },
    prefix: {
      ...emptyRules(),
      key: [rule(`${own}/`, "write"), ...shared.map((name) => rule(`${name}/`, "read"))],
      node: [rule("", "read")],
      service: [rule("", "read")],
    },
  };
}

/** Returns the rules of a node identity: what the agent of the node needs. */
export function nodeIdentityRules(node: string): Rules {
  return {
    scalars: { acl: "", keyring: "", operator: "" },
    exact: { ...emptyRules(), node: [{ name: node, policy: "write", intentions: "" }] },
    prefix: { ...emptyRules(), service: [{ name: "", policy: "read", intentions: "" }] },
  };
}
