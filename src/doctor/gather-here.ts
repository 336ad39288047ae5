import { lookup } from "node:dns/promises";
import { readdirSync, statfsSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { HttpClient, jsonOf } from "../client/http.ts";
import { readConsulFolder } from "../config/consul-folder.ts";
import { sleep, systemClock } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import { ipVersion } from "../lib/ip-version.ts";
import { findListeningPrograms, findPortHolders } from "../lib/port-holders.ts";
import { JsonRow } from "../client/json-row.ts";
import { type FolderFacts, isLoopback, type NeighbourFacts, type OtherAgentFacts } from "./facts.ts";

/**
 * Returns whether the agent shares this machine's files. An agent in a container does not, even if the container publishes its
 * port.
 */
export function looksLocal(url: URL, agentsHostname: string): boolean {
  return agentsHostname === "" ? isLoopback(url.hostname) : agentsHostname === hostname();
}

/** Returns facts about a data folder; undefined if the folder cannot be read. */
export function readFolder(path: string): FolderFacts | undefined {
  try {
    const { type, bsize, blocks, bavail, files: filesMax, ffree } = statfsSync(path);
    const files = readdirSync(path, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
    const times = files.map((file) => statSync(join(file.parentPath, file.name)).mtimeMs);
    return {
      path,
      totalBytes: blocks * bsize,
      freeBytes: bavail * bsize,
      freeFiles: filesMax > 0 ? ffree : undefined,
      hasConsulData: readConsulFolder(path).holdsState,
      fileSystem: type,
      newestFileMs: times.reduce((a, b) => Math.max(a, b), 0),
    };
  } catch {
    return undefined;
  }
}

const lookupMs = 2_000;
/** Maximum number of names to resolve: a gateway's catalog has fewer. */
const namesMax = 100;

/** Returns the host names among the addresses that do not resolve; leaves out names for which DNS does not answer in time. */
export async function lookUpNames(addresses: readonly string[]): Promise<ReadonlySet<string>> {
  const names = [...new Set(addresses)].filter((address) => ipVersion(address) === 0 && !isLoopback(address));
  const unknown = new Set<string>();
  const asked = names.slice(0, namesMax).map(async (name) => {
    try {
      await lookup(name);
    } catch {
      unknown.add(name);
    }
  });
  await Promise.race([Promise.all(asked), sleep(systemClock, lookupMs)]);
  return new Set(unknown);
}

/**
 * Returns the agents that listen on this machine, found by their programs' names, except the agent at `url`. Empty if the agent
 * at `url` is not on this machine.
 */
export async function findOtherAgents(url: URL): Promise<readonly OtherAgentFacts[]> {
  const agents = findListeningPrograms(["praetor", "consul"]);
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const address = ipVersion(host) === 0 ? (await lookup(host).catch(() => undefined))?.address : host;
  if (address === undefined) return [];
  const own = findPortHolders({ network: "tcp", address, port }).find(({ state }) => state === "listening")?.program;
  return own === undefined ? [] : agents.filter(({ pid }) => pid !== own.pid);
}

const usualPort = 8500;
const neighbourMs = 1_000;

/**
 * Returns the agent at port 8500 of this machine; undefined if no agent answers there, or if it is the examined agent, as its
 * node id or the port of `url` shows.
 */
export async function askNeighbour(url: URL, nodeId: string): Promise<NeighbourFacts | undefined> {
  if (url.port === String(usualPort)) return undefined;
  const baseUrl = `http://127.0.0.1:${usualPort}`;
  const http = new HttpClient({ baseUrl, clock: systemClock, timeoutMs: neighbourMs });
  try {
    const config = new JsonRow(jsonOf(await http.requestOk({ path: "/v1/agent/self" }))).row("Config");
    if (config.text("NodeID") === nodeId || config.text("NodeName") === "") return undefined;
    return { url: baseUrl, nodeName: config.text("NodeName"), version: config.text("Version") };
  } catch (error) {
    if (error instanceof OperatingError) return undefined;
    throw error;
  }
}
