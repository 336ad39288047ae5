import type { KvEntry } from "../../model/kv-entry.ts";
import { deleteKvBranch, kvBranch, putKvBranch } from "../../registry/kv-branch.ts";
import { readKeeperBody } from "../../wire/keeper-body.ts";
import { decodeUpdateKeys, encodeKeeperKv, renderKeeperValue } from "../../wire/keeper-kvs.ts";
import { success } from "../answers.ts";
import { KeeperError } from "../keeper-error.ts";
import type { KeeperRequest } from "../keeper-request.ts";
import type { Endpoint, Keeper } from "../keeper.ts";
import { flatten, requireKey, type KeyText } from "../keys.ts";

export function getKeys(keeper: Keeper): Endpoint {
  return async (request) => {
    const keyOnly = request.flag("keyOnly");
    const plaintext = request.flag("plaintext");
    const key = requireKey(request.rest);
    // A starting service first requests the keys alone, to learn whether its configuration is stored. Such a request reads no
    // port, so it claims none.
    const { registry, rights } = request.caller;
    await registry.freshen("leader");
    if (!keyOnly && rights.may("key", "read", key)) await keeper.ports.claim(key);
    const entries = registry.read(kvBranch(key));
    if (entries.length === 0) throw new KeeperError(404, `no key starting with '${key}' found`);
    const show = (entry: KvEntry): object => encodeKeeperKv(entry, timesOf(keeper, entry), { plaintext });
    return success({ response: keyOnly ? entries.map((entry) => entry.key) : entries.map(show) });
  };
}

export function putKeys(keeper: Keeper): Endpoint {
  return async (request) => {
    const isFlattened = request.flag("flatten");
    const value = readKeeperBody(await request.body(), decodeUpdateKeys);
    const key = requireKey(request.rest);
    const texts = isFlattened ? flatten(key, value) : [{ key, text: renderKeeperValue(value) }];
    await write(request, keeper, texts);
    return success({ response: texts.map((each) => each.key) });
  };
}

export const deleteKeys: Endpoint = async (request) => {
  const below = request.flag("prefixMatch");
  const key = requireKey(request.rest);
  const deleted = await deleteKvBranch(request.caller.registry, key, { below });
  if (!deleted) throw new KeeperError(409, `keys having the same prefix ${key} exist and cannot be deleted`);
  if (deleted.length === 0) throw new KeeperError(404, `key '${key}' not found`);
  return success({ response: deleted });
};

async function write({ caller }: KeeperRequest, { kvValueBytesMax }: Keeper, texts: readonly KeyText[]): Promise<void> {
  const entries = texts.map(({ key, text }) => ({ key, value: new TextEncoder().encode(text) }));
  const large = entries.find(({ value }) => value.length > kvValueBytesMax);
  if (large)
    throw new KeeperError(413, `the value of ${large.key} has ${large.value.length} bytes; at most ${kvValueBytesMax}`);
  const conflict = await putKvBranch(caller.registry, entries);
  if (!conflict) return;
  const { key, other } = conflict;
  if (other.startsWith(key)) throw new KeeperError(400, `update key failed since child key(s) already exist: ${other}`);
  throw new KeeperError(400, `update key failed since its parent key ${other} has a value: ${key}`);
}

function timesOf({ times }: Keeper, { createIndex, modifyIndex }: KvEntry): { createdMs: number; modifiedMs: number } {
  return { createdMs: times.at(createIndex), modifiedMs: times.at(modifyIndex) };
}
