import { KvClient } from "../../client/kv-client.ts";
import { jsonOf, unexpectedStatus } from "../../client/http.ts";
import { OperatingError } from "../../lib/errors.ts";
import { txnOperationsMax } from "../../model/txn.ts";
import { renderGoJson } from "../../wire/go-json.ts";
import type { KvTreeEntry } from "../../wire/kv-tree.ts";
import type { AgentApi } from "../api-command.ts";
import { JsonRow } from "../json.ts";

/** A key to write if its ModifyIndex is still `index`; index 0 requires that the key does not exist. */
export interface KeyWrite {
  readonly entry: KvTreeEntry;
  readonly index: number;
}

/**
 * Maximum size of the keys and values in one transaction, in bytes. Base64 makes values a third longer, and an agent by default
 * limits a transaction's body to 512 KiB.
 */
const bytesMax = 256 * 1024;

/** Splits writes into groups, one for each transaction. A value longer than the maximum has a group of its own. */
export function* groupsOf(writes: readonly KeyWrite[]): Generator<readonly KeyWrite[]> {
  let group: KeyWrite[] = [];
  let bytes = 0;
  for (const write of writes) {
    const size = write.entry.value.length + Buffer.byteLength(write.entry.key);
    if (group.length > 0 && (group.length === txnOperationsMax || bytes + size > bytesMax)) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(write);
    bytes += size;
  }
  if (group.length > 0) yield group;
}

/**
 * Writes a group in one transaction; writes a single long value by a plain PUT.
 * @throws OperatingError if the agent refuses the write, or a key's index has changed
 */
export async function writeKeys(api: AgentApi, group: readonly KeyWrite[]): Promise<void> {
  const [only] = group;
  if (only !== undefined && group.length === 1 && only.entry.value.length > bytesMax) return writeLong(api, only);
  const operations = group.map(({ entry: { key, flags, value }, index }) => ({
    KV: { Verb: "cas", Key: key, Value: value.toBase64(), Flags: flags, Index: index },
  }));
  const body = renderGoJson(operations, { pretty: false });
  const answer = await api.request({ method: "PUT", path: "/v1/txn", body });
  if (answer.status === 409) throw changedMeanwhile(reasonOf(jsonOf(answer)));
  if (answer.status !== 200) throw unexpectedStatus(answer);
}

async function writeLong(api: AgentApi, { entry, index }: KeyWrite): Promise<void> {
  const { key, flags } = entry;
  const value = new Uint8Array(entry.value);
  const isWritten = await new KvClient(api).put({ key, flags, value, condition: { cas: String(index) } });
  if (!isWritten) throw changedMeanwhile(`the key ${key} has changed`);
}

function reasonOf(json: unknown): string {
  return new JsonRow(json)
    .rows("Errors")
    .map((error) => error.text("What"))
    .join("; ");
}

function changedMeanwhile(what: string): OperatingError {
  return new OperatingError(
    "conflict",
    "import-conflict",
    `another client wrote at the same time: ${what}. Run it again.`,
  );
}
