import { OperatingError } from "../lib/errors.ts";
import type { Node } from "../model/node.ts";
import { isRecord } from "../lib/is-record.ts";
import type { ServerSettings } from "./server-registration.ts";

/** The head of the call "join", by which an agent introduces itself on a new link. */
export interface JoinRequest {
  readonly name: string;
  readonly id: string;
  /** The address that other hosts use for the agent's node. */
  readonly address: string;
  readonly datacenter: string;
  /** The version of Consul with which the agent is compatible. */
  readonly build: string;
  readonly role: "client" | "server";
  readonly serfPort: number;
  readonly meta: Readonly<Record<string, string>>;
  readonly taggedAddresses: Readonly<Record<string, string>>;
  /** The settings of an agent that is a server of a cluster, from which its tags follow. */
  readonly server?: ServerSettings | undefined;
  /** The token of the cluster of a server that has an etcd of its own. */
  readonly cluster?: string | undefined;
}

/** A server's identity, and the address and port at which agents can connect to it. */
export interface ServerAddress {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/** The answer to "join". */
export interface JoinAnswer {
  readonly servers: readonly ServerAddress[];
}

/**
 * Returns the head of a call "join".
 * @throws OperatingError invalid if a field is missing or has a wrong type: the calling agent runs an incompatible version of
 * Praetor
 */
export function decodeJoin(head: unknown): JoinRequest {
  const isJoin = isRecord(head) && texts.every((name) => typeof head[name] === "string") && areOthersSound(head);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each field is checked
  if (isJoin) return head as unknown as JoinRequest;
  throw new OperatingError(
    "invalid",
    "invalid-join",
    "the agent's call `join` lacks a field; run the same version on all agents",
  );
}

const texts = ["name", "id", "address", "datacenter", "build"] as const;

function areOthersSound(head: Readonly<Record<string, unknown>>): boolean {
  const { role, serfPort, meta, taggedAddresses, server, cluster } = head;
  const isRole = role === "client" || role === "server";
  const isSound = isRole && Number.isSafeInteger(serfPort) && isTextMap(meta) && isTextMap(taggedAddresses);
  if (cluster !== undefined && typeof cluster !== "string") return false;
  return isSound && (server === undefined || areSettings(server));
}

function areSettings(value: unknown): boolean {
  if (!isRecord(value) || !isRecord(value["ports"])) return false;
  const { bootstrap, bootstrapExpect, ports } = value;
  const numbers = [bootstrapExpect, ports["server"], ports["serfLan"], ports["serfWan"]];
  return typeof bootstrap === "boolean" && numbers.every(Number.isSafeInteger);
}

function isTextMap(value: unknown): boolean {
  return isRecord(value) && Object.values(value).every((text) => typeof text === "string");
}

/** Returns the node as which the joining agent's services are registered. */
export function nodeOf({ id, name, address, datacenter, taggedAddresses, meta }: JoinRequest): Node {
  return { id, name, address, datacenter, taggedAddresses, meta };
}

/** Encodes servers for a local row. */
export function encodeServers(servers: readonly ServerAddress[]): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(servers));
}

/** Decodes a local row that `encodeServers` made; an agent without that row knows no servers. */
export function decodeServers(value: Uint8Array | undefined): readonly ServerAddress[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- encodeServers made the row; the engine has verified it
  return value ? (JSON.parse(new TextDecoder().decode(value)) as readonly ServerAddress[]) : [];
}

/** Returns the address of a server that joins. @param port its server port */
export function serverAddressOf({ id, name, address }: JoinRequest, port: number): ServerAddress {
  return { id, name, address, port };
}
