import { lookup } from "node:dns/promises";
import { readdirSync, statfsSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { HttpClient, jsonOf } from "../../client/http.ts";
import { sleep, systemClock } from "../../lib/clock.ts";
import { OperatingError } from "../../lib/errors.ts";
import { ipVersion } from "../../lib/ip-version.ts";
import { JsonRow } from "../json.ts";
import { type FolderFacts, isLoopback, type NeighbourFacts } from "./facts.ts";

/** Whether an agent's paths are paths here, too: not in a container whose port is published, for one. */
export function looksLocal(url: URL, agentsHostname: string): boolean {
  return agentsHostname === "" ? isLoopback(url.hostname) : agentsHostname === hostname();
}

/** undefined when it cannot be read. */
export function readFolder(path: string): FolderFacts | undefined {
  try {
    const { type, bsize, blocks, bavail } = statfsSync(path);
    const files = readdirSync(path, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
    const times = files.map((file) => statSync(join(file.parentPath, file.name)).mtimeMs);
    return {
      path,
      totalBytes: blocks * bsize,
      freeBytes: bavail * bsize,
      fileSystem: type,
      newestFileMs: times.reduce((a, b) => Math.max(a, b), 0),
    };
  } catch {
    return undefined;
  }
}

const lookupMs = 2_000;
/** A catalog of more names than this is of no gateway. */
const namesMax = 100;

/** Those of the addresses that are names and do not resolve. A resolver that says nothing in time proves nothing. */
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

const usualPort = 8500;
const neighbourMs = 1_000;

/** Who answers at the usual port, when that is somebody else. */
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
