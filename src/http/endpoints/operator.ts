import type { Agent } from "../../agent/agent.ts";
import { formatDuration } from "../../lib/duration.ts";
import { OperatingError } from "../../lib/errors.ts";
import { readAutopilot, setAutopilot } from "../../registry/autopilot.ts";
import type { ClusterView, RaftPeer, ServerHealth } from "../../registry/cluster-view.ts";
import type { Registry } from "../../registry/registry.ts";
import { whenFresh } from "../../registry/when-fresh.ts";
import { decodeAutopilot, encodeAutopilot } from "../../wire/autopilot.ts";
import { decodeBase64 } from "../../wire/base64.ts";
import { renderGoJson } from "../../wire/go-json.ts";
import { decodeKeyringKey } from "../../wire/keyring.ts";
import { empty, json, jsonText } from "../answers.ts";
import { HttpError } from "../http-error.ts";
import { readJson } from "../json-body.ts";
import { parseBool } from "../../lib/go-bool.ts";
import type { DatacenterEndpoint, Endpoint } from "../route.ts";

export interface OperatorParts {
  readonly agent: Pick<Agent, "node">;
  readonly store: Registry;
  readonly cluster: ClusterView;
  readonly datacenter: string;
}

/** Lists the servers, in the form of Consul's Raft configuration. Consul: with `?stale` every server answers by itself. */
export function getRaftConfiguration({ cluster }: Pick<OperatorParts, "cluster">): DatacenterEndpoint {
  return (request) => {
    const isStale = request.queryOptions().consistency === "stale";
    return async () => {
      const peers = isStale ? cluster.knownPeers : await cluster.peers();
      return json(request, { Servers: peers.map(encodePeer), Index: 0 });
    };
  };
}

function encodePeer({ id, name, address, leads, isVoter }: RaftPeer): object {
  return { ID: id, Node: name, Address: address, Leader: leads, ProtocolVersion: "3", Voter: isVoter };
}

/** Removes a server from those that elect the leader. Consul: the last of them cannot be removed. */
export function removePeer({ cluster }: Pick<OperatorParts, "cluster">): DatacenterEndpoint {
  return (request) => {
    const id = request.query.get("id");
    const address = request.query.get("address");
    if (id === undefined && address === undefined) throw new HttpError(400, `Bad request: ${missingPeer}`);
    if (id !== undefined && address !== undefined)
      throw new HttpError(400, "Bad request: Must specify only one of ?id or ?address");
    return async () => {
      const peers = await cluster.peers();
      const peer = peers.find((each) => (id === undefined ? each.address === address : each.id === id));
      if (!peer) {
        const asked = id === undefined ? `address ${JSON.stringify(address)}` : `id ${JSON.stringify(id)}`;
        throw new HttpError(500, `${asked} was not found in the Raft configuration`);
      }
      if (!peers.some((each) => each.isVoter && each.id !== peer.id))
        throw new HttpError(500, "Need at least one voter in configuration: {[]}");
      await cluster.removePeer(peer);
      return empty();
    };
  };
}

const missingPeer = "Must specify either ?id with the server's ID or ?address with IP:port of peer to remove";

export const getAutopilot: DatacenterEndpoint = (request) => {
  const { consistency } = request.queryOptions();
  return ({ store }) => whenFresh(store, consistency, () => json(request, encodeAutopilot(readAutopilot(store))));
};

export function putAutopilot({ store }: Pick<OperatorParts, "store">): DatacenterEndpoint {
  return async (request) => {
    const settings = await readJson(request, {
      decode: decodeAutopilot,
      fault: (what) => new HttpError(400, `Bad request: Error parsing autopilot config: ${what}`),
    });
    return async () => json(request, await setAutopilot(store, settings, parseCas(request.query.get("cas"))));
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

/**
 * Answers with the health of the servers; with `?detailed`, which Consul does not know, also with their clocks and versions.
 * Consul: status 429 while one of them is unhealthy.
 */
export function getAutopilotHealth({ cluster }: Pick<OperatorParts, "cluster">): DatacenterEndpoint {
  return (request) => async () => {
    const encode = request.query.get("detailed") === undefined ? encodeHealth : encodeDetailed;
    const { isHealthy, failureTolerance, servers } = await cluster.health();
    const body = { Healthy: isHealthy, FailureTolerance: failureTolerance, Servers: servers.map(encode) };
    return jsonText(request, renderGoJson(body, { pretty: request.pretty }), { status: isHealthy ? 200 : 429 });
  };
}

function encodeHealth(server: ServerHealth): object {
  const { id, name, address, status, version, leads, lastContactMs } = server;
  return {
    ...{ ID: id, Name: name, Address: address, SerfStatus: status, Version: version, Leader: leads },
    LastContact: lastContactMs === undefined ? "never" : formatDuration(lastContactMs),
    ...{ LastTerm: server.lastTerm, LastIndex: server.lastIndex, Healthy: server.isHealthy, Voter: server.isVoter },
    StableSince: goSeconds(server.stableSinceMs),
  };
}

function encodeDetailed(server: ServerHealth): object {
  const { clockAheadMs, versions } = server;
  return {
    ...encodeHealth(server),
    ...(clockAheadMs !== undefined && { ClockAheadMs: clockAheadMs }),
    ...(versions && { Versions: { Praetor: versions.praetor, Etcd: versions.etcd ?? "" } }),
  };
}

function goSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** Answers with Consul's error for an agent without gossip encryption, since Praetor has no gossip. */
export function listKeys(parts: OperatorParts): Endpoint {
  return ({ caller, query }) => {
    requireRelayFactor(query.get("relay-factor"));
    const local = query.get("local-only") ?? "";
    const isLocal = local === "" ? false : parseBool(local);
    if (isLocal === undefined) throw badNumber("local-only", "ParseBool", local);
    if (!caller.rights.may("keyring", "read")) throw new HttpError(500, "Reading keyring denied by ACLs");
    throw noKeyring(parts, "Keyring is empty (encryption not enabled)", { isLocal });
  };
}

export function changeKeys(parts: OperatorParts): Endpoint {
  return async (request) => {
    requireRelayFactor(request.query.get("relay-factor"));
    const fault = (what: string): HttpError => new HttpError(400, `Bad request: Request decode failed: ${what}`);
    const key = await readJson(request, { decode: decodeKeyringKey, fault });
    if (!request.caller.rights.may("keyring", "write"))
      throw new HttpError(500, "Modifying keyring denied due to ACLs");
    checkKey(key, parts);
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
