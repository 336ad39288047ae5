import { writtenBytes } from "../lib/process-disk.ts";
import { folderAt, folderCount, keyAt, spread } from "./filling.ts";
import { askInTurn, costOf, costOfAsking } from "./load.ts";
import { costRow, flatRow, type Filled, type GrowthRow, type Measurement } from "./measurement.ts";
import type { Size } from "./size.ts";

const targetsMax = 50_000;

const anyKeys = ({ keys }: Size): readonly string[] =>
  spread(Math.min(keys, targetsMax), keys).map((key) => `/v1/kv/${keyAt(key)}`);
const anyFolders = (size: Size): readonly string[] =>
  spread(Math.min(folderCount(size), targetsMax), folderCount(size)).map((folder) => `/v1/kv/${folderAt(folder)}`);

export const keyGet: Measurement = {
  rows: [flatRow("key-get-p50", "read any key, 64 connections: p50", "ms"), costRow("key-get", "read any key")],
  async measure(filled, run) {
    const targets = anyKeys(filled.size).map((target) => `${target}?n=`);
    let p50Ms = 0;
    const costUs = await costOf(filled.contender, async () => {
      const { latency, requests } = await askInTurn(filled, { targets, connections: 64, run });
      p50Ms = latency.p50Ms;
      return requests;
    });
    return [p50Ms, costUs];
  },
};

export const keyPut: Measurement = {
  rows: [
    flatRow("key-put-p50", "write any key, 64 connections: p50", "ms"),
    flatRow("key-put-p99", "write any key, 64 connections: p99", "ms"),
    costRow("key-put", "write any key"),
    flatRow("key-put-bytes", "write any key: written to the disk", "bytes"),
  ],
  async measure(filled, run) {
    const { pid } = filled.contender;
    const before = writtenBytes(pid);
    const load = { targets: anyKeys(filled.size), connections: 64, run, seconds: 3, bodyBytes: 128 } as const;
    let readings: readonly number[] = [];
    const costUs = await costOf(filled.contender, async () => {
      const { latency, requests } = await askInTurn(filled, { ...load, method: "PUT" });
      readings = [latency.p50Ms, latency.p99Ms, (writtenBytes(pid) - before) / requests];
      return requests;
    });
    return readings.toSpliced(2, 0, costUs);
  },
};

export const recurse: Measurement = folderRead(costRow("recurse", "read a folder of 100 keys"), "recurse");

export const keyList: Measurement = folderRead(costRow("key-list", "list the keys of a folder of 100"), "keys");

function folderRead(row: GrowthRow, parameter: string): Measurement {
  return {
    rows: [row],
    async measure(filled, run) {
      const targets = anyFolders(filled.size).map((target) => `${target}?${parameter}&n=`);
      return [await costOfAsking(filled, targets, { run })];
    },
  };
}

const listingMs = 500;
const listingsMin = 3;

/**
 * Measures requests that list the ten folders with all keys: first with unchanged keys, then with the write of a key before each
 * request.
 */
export const folderList: Measurement = {
  rows: [
    costRow("folder-list", "list ten folders that hold all keys"),
    costRow("folder-list-changed", "write a key, then list the ten folders"),
  ],
  async measure(filled, run) {
    const { contender } = filled;
    const write = async (): Promise<void> => {
      await contender.tryPut(keyAt(0), String(performance.now()));
    };
    return [
      await costOf(contender, () => listFolders(filled, `${run}-alike`, () => Promise.resolve())),
      await costOf(contender, () => listFolders(filled, `${run}-changed`, write)),
    ];
  },
};

async function listFolders({ contender }: Filled, run: string, before: () => Promise<void>): Promise<number> {
  const endMs = performance.now() + listingMs;
  let listings = 0;
  for (; listings < listingsMin || performance.now() < endMs; listings += 1) {
    await before();
    const answer = await fetch(`${contender.url}/v1/kv/growth/?keys&separator=/&n=${run}-${listings}`);
    const names: unknown = await answer.json();
    if (!Array.isArray(names) || names.length > 10) throw new Error(`${contender.name} listed ${String(names)}`);
  }
  return listings;
}
