import { copyOf } from "../../lib/copy-of.ts";
import { OperatingError, messageOf } from "../../lib/errors.ts";
import { fieldsOf } from "../../client/json-object.ts";
import type { KvEntry } from "../../model/kv-entry.ts";
import type { RegistryRows } from "./agent-inventory.ts";
import { CatalogRows } from "./catalog-rows.ts";

/*
 * Decodes the state.bin of a Consul snapshot, a sequence of MessagePack values. The first value is a map with the index. Each
 * record after that has two values: a number, which is its type, and a map with the fields of Consul's structures:
 *
 *   0 a node, alone or with one of its services or checks      2 a key      7 a prepared query
 *
 * Other types belong to a cluster or to features that Praetor does not have. Consul writes strings and bytes as one type, so
 * the decoder returns bytes, and this module converts the fields that are strings.
 */

const recordTypes = { registration: 0, key: 2, preparedQuery: 7 } as const;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Decodes the state.bin of a Consul snapshot.
 * @throws OperatingError invalid if it cannot be decoded to its end
 */
export async function consulStateRows(state: Uint8Array): Promise<RegistryRows> {
  const catalog = new CatalogRows();
  const keys: KvEntry[] = [];
  const queries: unknown[] = [];
  for (const { type, fields } of await recordsIn(state))
    if (type === recordTypes.registration) catalog.add(fieldsOf(texts(fields)));
    else if (type === recordTypes.key) keys.push(keyOf(fields));
    else if (type === recordTypes.preparedQuery) queries.push(withoutIndexes(fieldsOf(texts(fields))));
  return { keys, queries, ...catalog.rows() };
}

interface StateRecord {
  readonly type: number;
  readonly fields: Fields;
}

async function recordsIn(state: Uint8Array): Promise<readonly StateRecord[]> {
  // Loads this package only here, since only the import of a Consul snapshot needs it.
  const { decodeMulti } = await import("@msgpack/msgpack");
  const options = { useBigInt64: true, rawStrings: true, mapKeyConverter: textOf };
  try {
    const [, ...values] = decodeMulti(state, options);
    return values.flatMap((type, at) =>
      at % 2 === 0 ? [{ type: Number(type), fields: fieldsOf(values[at + 1]) }] : [],
    );
  } catch (cause) {
    const message = `state.bin is not as Consul writes it (${messageOf(cause)}); use another copy`;
    throw new OperatingError("invalid", "unreadable-consul-state", message, { cause });
  }
}

function keyOf(fields: Fields): KvEntry {
  const { Key, Value, Flags, Session, LockIndex, CreateIndex, ModifyIndex } = fields;
  return {
    key: textOf(Key),
    value: Value instanceof Uint8Array ? copyOf(Value) : new Uint8Array(),
    flags: BigInt(typeof Flags === "bigint" || typeof Flags === "number" ? Flags : 0),
    session: Session instanceof Uint8Array ? textOf(Session) : "",
    ...{ lockIndex: Number(LockIndex), createIndex: Number(CreateIndex), modifyIndex: Number(ModifyIndex) },
    origin: "",
  };
}

function textOf(value: unknown): string {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : String(value);
}

/** Converts all byte arrays in a value to text, including those inside lists and objects. */
function texts(value: unknown): unknown {
  if (value instanceof Uint8Array) return textOf(value);
  if (Array.isArray(value)) return value.map(texts);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, texts(inner)]));
}

function withoutIndexes({ ID, Name, Session, Token, Template, Service, DNS }: Fields): Fields {
  return { ID, Name, Session, Token, Template, Service, DNS };
}
