import type { Agent } from "../../agent/agent.ts";
import type { Autopilot } from "../../cluster/autopilot.ts";
import { OperatingError } from "../../lib/errors.ts";
import { consulVersion } from "../../model/consul-version.ts";
import type { Registry } from "../../registry/registry.ts";
import { decodeAutopilot, encodeAutopilot } from "../../wire/autopilot.ts";
import { decodeBase64 } from "../../wire/base64.ts";
import { decodeKeyringKey } from "../../wire/keyring.ts";
import { json } from "../answers.ts";
import { HttpError } from "../http-error.ts";
import { readJson } from "../json-body.ts";
import { parseBool } from "../../lib/go-bool.ts";
import type { DatacenterEndpoint, Endpoint } from "../route.ts";

export interface OperatorParts {
  readonly store: Registry;
  readonly agent: Pick<Agent, "node">;
  readonly autopilot: Autopilot;
  readonly datacenter: string;
  /** host:port of the leader. */
  readonly leader: string;
  /** When the agent started, in milliseconds since 1970. */
  readonly startedMs: number;
}

/** Lists the only server, in the form of Consul's Raft configuration. */
export function getRaftConfiguration({ agent, leader }: OperatorParts): DatacenterEndpoint {
  return (request) => () => {
    const { id, name } = agent.node;
    const server = { ID: id, Node: name, Address: leader, Leader: true, ProtocolVersion: "3", Voter: true };
    return json(request, { Servers: [server], Index: 0 });
  };
}

/** Refuses to remove a server, because this server is the only one. Consul: the last server cannot be removed. */
export function removePeer({ agent, leader }: OperatorParts): DatacenterEndpoint {
  return ({ query }) => {
    const id = query.get("id");
    const address = query.get("address");
    if (id === undefined && address === undefined) throw new HttpError(400, `Bad request: ${missingPeer}`);
    if (id !== undefined && address !== undefined)
      throw new HttpError(400, "Bad request: Must specify only one of ?id or ?address");
    return () => {
      if (id === agent.node.id || address === leader)
        throw new HttpError(500, "Need at least one voter in configuration: {[]}");
      const peer = id === undefined ? `address ${JSON.stringify(address)}` : `id ${JSON.stringify(id)}`;
      throw new HttpError(500, `${peer} was not found in the Raft configuration`);
    };
  };
}

const missingPeer = "Must specify either ?id with the server's ID or ?address with IP:port of peer to remove";

export function getAutopilot({ autopilot }: OperatorParts): DatacenterEndpoint {
  return (request) => () => json(request, encodeAutopilot(autopilot.settings, autopilot.modifyIndex));
}

export function setAutopilot({ autopilot }: OperatorParts): DatacenterEndpoint {
  return async (request) => {
    const settings = await readJson(request, {
      decode: decodeAutopilot,
      fault: (what) => new HttpError(400, `Bad request: Error parsing autopilot config: ${what}`),
    });
    return () => json(request, autopilot.set(settings, parseCas(request.query.get("cas"))));
  };
}

function parseCas(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  throw badNumber("cas value", "ParseUint", text);
}

function badNumber(what: string, parser: string, text: string): HttpError {
  const cause = `strconv.${parser}: parsing ${JSON.stringify(text)}: invalid syntax`;
  return new HttpError(400, `Bad request: Error parsing ${what}: ${cause}`);
}

export function getAutopilotHealth({ store, agent, leader, startedMs }: OperatorParts): DatacenterEndpoint {
  return (request) => () => {
    const { id, name } = agent.node;
    const server = {
      ...{ ID: id, Name: name, Address: leader, SerfStatus: "alive", Version: consulVersion, Leader: true },
      ...{ LastContact: "0s", LastTerm: 1, LastIndex: store.state.index, Healthy: true, Voter: true },
      StableSince: goSeconds(startedMs),
    };
    return json(request, { Healthy: true, FailureTolerance: 0, Servers: [server] });
  };
}

function goSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** Answers with Consul's error for an agent without gossip encryption, since Praetor has no gossip. */
export function listKeys(parts: OperatorParts): Endpoint {
  return ({ query }) => {
    requireRelayFactor(query.get("relay-factor"));
    const local = query.get("local-only") ?? "";
    const isLocal = local === "" ? false : parseBool(local);
    if (isLocal === undefined) throw badNumber("local-only", "ParseBool", local);
    throw noKeyring(parts, "Keyring is empty (encryption not enabled)", { isLocal });
  };
}

export function changeKeys(parts: OperatorParts): Endpoint {
  return async (request) => {
    requireRelayFactor(request.query.get("relay-factor"));
    const fault = (what: string): HttpError => new HttpError(400, `Bad request: Request decode failed: ${what}`);
    checkKey(await readJson(request, { decode: decodeKeyringKey, fault }), parts);
    throw noKeyring(parts, "No keyring to modify (encryption not enabled)");
  };
}

/**
 * Throws if the gossip key is not base64. The error is that of Consul, in which the agents of the WAN pool and of the LAN pool
 * each refuse the key.
 */
function checkKey(key: string, { datacenter }: OperatorParts): void {
  try {
    decodeBase64(key);
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    const fault = error.message.replace(/^Request decode failed: /, "");
    throw severalErrors([`WAN error: ${fault}`, `${datacenter} (LAN) error: ${fault}`]);
  }
}

function requireRelayFactor(text: string | undefined): void {
  if (text === undefined || text === "") return;
  if (!/^[+-]?\d+$/.test(text)) throw badNumber("relay factor", "Atoi", text);
  if (Number(text) < 0 || Number(text) > 5) {
    throw new HttpError(400, "Bad request: Invalid relay-factor: Relay factor must be in range: [0, 5]");
  }
}

function noKeyring(
  { agent: { node }, datacenter }: OperatorParts,
  reason: string,
  { isLocal = false } = {},
): HttpError {
  const wan = ["WAN error: 1/1 nodes reported failure", `${node.name}.${datacenter}: ${reason}`];
  const lan = [`${datacenter} (LAN) error: 1/1 nodes reported failure`, `${node.name}: ${reason}`];
  return severalErrors(isLocal ? lan : [...wan, ...lan]);
}

function severalErrors(errors: readonly string[]): HttpError {
  const lines = [`${errors.length} errors occurred:`, ...errors.map((error) => `\t* ${error}`)];
  return new HttpError(500, `${lines.join("\n")}\n\n`);
}
