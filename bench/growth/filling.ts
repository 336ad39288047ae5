import { forEachAtOnce } from "../lib/at-once.ts";
import type { Contender } from "../lib/contender.ts";
import type { Size } from "./size.ts";

const operationsMax = 64;
const clients = 4;
const keysPerFolder = 100;
const areas = 10;
const servicesPerNode = 100;
const instances = 10;

const value = Buffer.alloc(128, "x").toString("base64");

/**
 * Returns the key with this number, in the form `growth/AREA/FOLDER/KEY`. At any size of the data there are ten areas, and a
 * hundred keys in each folder.
 */
export function keyAt(index: number): string {
  return `${folderAt(Math.floor(index / keysPerFolder))}${index % keysPerFolder}`;
}

export function folderAt(index: number): string {
  return `growth/${index % areas}/${index}/`;
}

export function folderCount({ keys }: Size): number {
  return keys / keysPerFolder;
}

/** Returns the service name with this number. Each name has ten instances, on different nodes if ten nodes exist. */
export function serviceAt(index: number): string {
  return `web-${index}`;
}

export function serviceCount({ services }: Size): number {
  return services / instances;
}

/** Returns `count` numbers from 0 to `below` - 1, spread over this range in an order that defeats caches. */
export function spread(count: number, below: number): readonly number[] {
  const stride = 7_919; // a prime, so that no number is repeated
  return Array.from({ length: count }, (_none, at) => (at * stride) % below);
}

export async function fillKeys(contender: Contender, { keys }: Size): Promise<void> {
  await sendAll(contender, keyOperations(keys));
}

/** Registers services in the catalog, a hundred on each node, each with a passing check. */
export async function fillServices(contender: Contender, size: Size): Promise<void> {
  await sendAll(contender, nodeOperations(size));
  await sendAll(contender, serviceOperations(size));
}

function* keyOperations(keys: number): Generator<object> {
  for (let index = 0; index < keys; index += 1) yield { KV: { Verb: "set", Key: keyAt(index), Value: value } };
}

function* nodeOperations({ services }: Size): Generator<object> {
  for (let node = 0; node < services / servicesPerNode; node += 1)
    yield { Node: { Verb: "set", Node: { Node: `rack-${node}`, Address: addressOf(node) } } };
}

function* serviceOperations(size: Size): Generator<object> {
  for (let index = 0; index < size.services; index += 1) {
    const node = Math.floor(index / servicesPerNode);
    const name = serviceAt(index % serviceCount(size));
    const id = `${name}-${index}`;
    const service = { ID: id, Service: name, Address: addressOf(node), Port: 8_000 + (index % 1_000), Tags: ["bench"] };
    yield { Service: { Verb: "set", Node: `rack-${node}`, Service: service } };
    const check = { Node: `rack-${node}`, CheckID: `service:${id}`, Name: "alive", Status: "passing", ServiceID: id };
    yield { Check: { Verb: "set", Check: check } };
  }
}

function addressOf(node: number): string {
  return `10.${Math.floor(node / 65_536)}.${Math.floor(node / 256) % 256}.${node % 256}`;
}

/** Sends the operations in transactions of 64, from several clients at once, so that transactions share a sync. */
function sendAll(contender: Contender, operations: Generator<object>): Promise<void> {
  return forEachAtOnce(batchesOf(operations), (batch) => contender.put("/v1/txn", batch), clients);
}

function* batchesOf(operations: Generator<object>): Generator<readonly object[]> {
  for (let batch = take(operations); batch.length > 0; batch = take(operations)) yield batch;
}

function take(operations: Generator<object>): readonly object[] {
  const taken: object[] = [];
  while (taken.length < operationsMax) {
    const next = operations.next();
    if (next.done === true) break;
    taken.push(next.value);
  }
  return taken;
}
