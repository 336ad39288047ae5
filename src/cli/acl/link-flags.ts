import type { ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { CommandFlag } from "../command.ts";
import type { JsonRow } from "../../client/json-row.ts";
import { textFlag } from "./object-flags.ts";
import { explained, type ObjectKind, policyKind, roleKind, wholeId } from "./object-id.ts";

/** The flags that link a token or role to policies, and give it identities. */
export const policyAndIdentityFlags: readonly CommandFlag[] = [
  textFlag("policy-id", "id", "ID of a policy, or the beginning of one. Repeatable."),
  textFlag("policy-name", "name", "Name of a policy. Repeatable."),
  textFlag(
    "service-identity",
    "name[:dc1,dc2]",
    "Rights of an instance of this service, in all datacenters or in these. Repeatable.",
  ),
  textFlag("node-identity", "node:datacenter", "Rights of the agent of this node. Repeatable."),
];

/** The flags that link a token to roles. */
export const roleFlags: readonly CommandFlag[] = [
  textFlag("role-id", "id", "ID of a role, or the beginning of one. Repeatable."),
  textFlag("role-name", "name", "Name of a role. Repeatable."),
];

/** A link to a policy or role: by its id or its name. */
export interface Link {
  readonly ID?: string;
  readonly Name?: string;
}

export interface ServiceIdentity {
  readonly ServiceName: string;
  readonly Datacenters?: readonly string[];
}

export interface NodeIdentity {
  readonly NodeName: string;
  readonly Datacenter: string;
}

/** Returns the links of the flags -policy-name and -policy-id, names first, as in Consul. */
export function policiesOf(call: ApiCall): Promise<readonly Link[]> {
  return linksOf(call, policyKind);
}

/** Returns the links of the flags -role-name and -role-id. */
export function rolesOf(call: ApiCall): Promise<readonly Link[]> {
  return linksOf(call, roleKind);
}

async function linksOf({ api, flags }: ApiCall, kind: ObjectKind): Promise<readonly Link[]> {
  const links: Link[] = flags.all(`${kind.word}-name`).map((name) => ({ Name: name }));
  for (const given of flags.all(`${kind.word}-id`))
    // Consul: the text has a blank in place of the id.
    links.push({ ID: await explained(`Error resolving ${kind.word} ID `, () => wholeId(api, kind, given)) });
  return links;
}

/** Parses the values of -service-identity: "web" or "web:dc1,dc2". @throws CommandFailure */
export function serviceIdentitiesOf({ flags }: ApiCall): readonly ServiceIdentity[] {
  return flags.all("service-identity").map((text) => {
    const [name = "", datacenters, more] = text.split(":");
    if (more !== undefined) throw new CommandFailure(`Malformed -service-identity argument: ${JSON.stringify(text)}`);
    return { ServiceName: name, ...(datacenters !== undefined && { Datacenters: datacenters.split(",") }) };
  });
}

/** Parses the values of -node-identity: "n1:dc1". @throws CommandFailure */
export function nodeIdentitiesOf({ flags }: ApiCall): readonly NodeIdentity[] {
  return flags.all("node-identity").map((text) => {
    const [name = "", datacenter, more] = text.split(":");
    if (datacenter === undefined || more !== undefined)
      throw new CommandFailure(`Malformed -node-identity argument: ${JSON.stringify(text)}`);
    return { NodeName: name, Datacenter: datacenter };
  });
}

/** Adds links to those in a field of an object, each policy or role once. */
export function mergedLinks(old: JsonRow, field: "Policies" | "Roles", added: readonly Link[]): readonly Link[] {
  const kept = old.rows(field).map((link) => ({ ID: link.text("ID"), Name: link.text("Name") }));
  const isNew = ({ ID, Name }: Link): boolean => !kept.some((link) => link.ID === ID || link.Name === Name);
  return [...kept.map(({ ID }) => ({ ID })), ...added.filter(isNew)];
}

/** Adds service identities to an object's own; one of the same name takes over the datacenters. */
export function mergedServiceIdentities(old: JsonRow, added: readonly ServiceIdentity[]): readonly ServiceIdentity[] {
  const byName = new Map<string, ServiceIdentity>();
  for (const identity of old.rows("ServiceIdentities")) {
    const name = identity.text("ServiceName");
    byName.set(name, { ServiceName: name, Datacenters: identity.texts("Datacenters") });
  }
  for (const identity of added) byName.set(identity.ServiceName, identity);
  return [...byName.values()];
}

/** Adds node identities to an object's own, each once. */
export function mergedNodeIdentities(old: JsonRow, added: readonly NodeIdentity[]): readonly NodeIdentity[] {
  const kept = old
    .rows("NodeIdentities")
    .map((row) => ({ NodeName: row.text("NodeName"), Datacenter: row.text("Datacenter") }));
  const isNew = (identity: NodeIdentity): boolean =>
    !kept.some((row) => row.NodeName === identity.NodeName && row.Datacenter === identity.Datacenter);
  return [...kept, ...added.filter(isNew)];
}
