import type { Script } from "../../recorded/script.ts";
import { type Asked, by, byEach, eachBy, grant, secretOf, unknownSecret } from "./callers.ts";
import { masterSecret } from "./master-secret.ts";

const [reader, lister, writer, holed, exact, widest] = [1, 2, 3, 4, 5, 6].map(secretOf);

const rights: Script = [
  ...grant(1, 'key_prefix "a/" { policy = "read" }'),
  ...grant(2, 'key_prefix "a/" { policy = "list" }'),
  ...grant(3, 'key_prefix "a/" { policy = "write" }'),
  ...grant(4, 'key_prefix "" { policy = "list" } key_prefix "a/b/" { policy = "deny" } key "a/x" { policy = "read" }'),
  ...grant(5, 'key "a/x" { policy = "list" } key "a/" { policy = "list" }'),
  ...grant(6, 'key_prefix "" { policy = "list" } key_prefix "a/" { policy = "read" }'),
];

const keys: Script = by(
  masterSecret,
  ["a/x", "a/y", "a/b/c", "a/b/d", "b/z", "top"].map((key): Asked => [`PUT /v1/kv/${key}`, key]),
);

const prefixes = ["", "a", "a/", "a/x", "a/b/", "a/nothing/", "b/", "nothing/"];

const reads: readonly Asked[] = [
  ...prefixes.flatMap((prefix) => [`GET /v1/kv/${prefix}?recurse`, `GET /v1/kv/${prefix}?keys`]),
  "GET /v1/kv/a/?keys&separator=/",
  "GET /v1/kv/?keys&separator=/",
  "GET /v1/kv/a/x",
  "GET /v1/kv/a/x?raw",
  "GET /v1/kv/b/z",
  "GET /v1/kv/a/?recurse&raw",
];

const txns: readonly Asked[] = [
  ...["", "a/", "a/b/", "b/"].map((Key): Asked => ["PUT /v1/txn", [{ KV: { Verb: "get-tree", Key } }]]),
  ["PUT /v1/txn", [{ KV: { Verb: "get", Key: "a/x" } }, { KV: { Verb: "get-tree", Key: "a/" } }]],
  ["PUT /v1/txn", [{ KV: { Verb: "delete-tree", Key: "a/b/" } }]],
];

const permissions = ["read", "list", "write", "write-prefix"].flatMap((Access) =>
  ["a/", "a/x", "a/b/", ""].map((Segment) => ({ Resource: "key", Segment, Access })),
);

const deletes: readonly Asked[] = [
  "DELETE /v1/kv/a/b/?recurse",
  "DELETE /v1/kv/a/?recurse",
  "DELETE /v1/kv/?recurse",
  "DELETE /v1/kv/b/z",
];

export const keyLists: Script = [
  ...rights,
  ...keys,
  ...byEach([undefined, unknownSecret, reader, lister, writer, holed, exact, widest, masterSecret], reads),
  ...eachBy([undefined, reader, lister, holed, exact, widest], txns),
  ...byEach([reader, lister, writer, holed, exact], [["POST /v1/internal/acl/authorize", permissions]]),
  ...eachBy([undefined, reader, lister, holed, exact, widest, writer, masterSecret], deletes),
];
