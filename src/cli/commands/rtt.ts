import { distance, nodeDistance, type Coordinate, type NodeCoordinate } from "../../model/coordinate.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { JsonRow, rowsOf } from "../../client/json-row.ts";
import { wrongUsage } from "../wrong-usage.ts";

export const rttCommand: Command = apiCommand({
  name: "rtt",
  summary: "Estimates network round trip time between nodes",
  synopsis: "[options] NODE1 [NODE2]",
  about:
    "Estimates the round trip time between two nodes from their network coordinates. The second node defaults to the agent's " +
    "own.",
  examples: [
    { what: "From here to a node", command: "rtt gateway-2" },
    { what: "Between servers of two datacenters", command: "rtt -wan server-1.dc1 server-1.dc2" },
  ],
  flags: [{ name: "wan", kind: "bool", value: "", help: "Between servers of datacenters, named NODE.DATACENTER." }],
  asksServers: false,
  run: estimate,
});

async function estimate(call: ApiCall): Promise<void> {
  const { flags, io, words } = call;
  const [first, given] = words;
  if (first === undefined || words.length > 2) throw wrongUsage("One or two node names must be specified");
  const isWan = flags.bool("wan");
  const second = given ?? (await ownName(call, isWan));
  const seconds = await (isWan ? wanDistance : lanDistance)(call, first, second);
  const network = isWan ? "WAN" : "LAN";
  const ms = (seconds * 1000).toFixed(3);
  io.stdout(`Estimated ${first} <-> ${second} rtt: ${ms} ms (using ${network} coordinates)\n`);
}

async function ownName({ api }: ApiCall, isWan: boolean): Promise<string> {
  const self = new JsonRow(await attempting("Unable to look up agent info", () => api.json("/v1/agent/self")));
  const config = self.row("Config");
  return isWan ? `${config.text("NodeName")}.${config.text("Datacenter")}` : config.text("NodeName");
}

async function lanDistance(call: ApiCall, first: string, second: string): Promise<number> {
  const coordinates = (await ask(call, "/v1/coordinate/nodes")).map(decodeNode);
  const coordinatesOf = (name: string): readonly NodeCoordinate[] =>
    coordinates.filter(({ node }) => isSame(node, name));
  const [from, to] = [coordinatesOf(first), coordinatesOf(second)];
  for (const [name, known] of [
    [first, from],
    [second, to],
  ] as const)
    if (known.length === 0) throw unknown(name);
  const seconds = nodeDistance(from, to);
  // Consul: if the nodes have no network segment in common, the error names the first node.
  if (seconds === Infinity) throw unknown(first);
  return seconds;
}

async function wanDistance(call: ApiCall, first: string, second: string): Promise<number> {
  const names = [first, second].map((name) => name.split("."));
  if (names.some((parts) => parts.length !== 2))
    throw new CommandFailure("Node names must be specified as <node name>.<datacenter> with -wan");
  const areas = await ask(call, "/v1/coordinate/datacenters");
  for (const id of new Set(areas.map((area) => area.text("AreaID")))) {
    const inArea = areas.filter((area) => area.text("AreaID") === id);
    const [from, to] = names.map(([node = "", datacenter]) => {
      const rows = inArea.filter((area) => area.text("Datacenter") === datacenter);
      return rows.flatMap((area) => area.rows("Coordinates").map(decodeNode)).find((known) => isSame(known.node, node));
    });
    if (from && to) return distance(from.coordinate, to.coordinate);
  }
  // Consul: the error names the first node, even if the second one is unknown.
  throw unknown(first);
}

async function ask({ api }: ApiCall, path: string): Promise<readonly JsonRow[]> {
  return rowsOf(await attempting("Error getting coordinates", () => api.json(path)));
}

function decodeNode(row: JsonRow): NodeCoordinate {
  return { node: row.text("Node"), segment: row.text("Segment"), coordinate: decodeCoordinate(row.row("Coord")) };
}

function decodeCoordinate(row: JsonRow): Coordinate {
  return {
    vector: row.numbers("Vec"),
    error: row.number("Error"),
    adjustment: row.number("Adjustment"),
    height: row.number("Height"),
  };
}

/** Returns whether two node names are the same. Consul: ignores their letter case. */
function isSame(name: string, other: string): boolean {
  return name.toLowerCase() === other.toLowerCase();
}

function unknown(name: string): CommandFailure {
  return new CommandFailure(`Could not find a coordinate for node ${JSON.stringify(name)}`);
}
