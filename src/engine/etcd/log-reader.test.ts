import { create } from "@bufbuild/protobuf";
import { expect, test } from "bun:test";
import { encodeBatch } from "../sqlite/batch-codec.ts";
import { splitBlock } from "./batch-block.ts";
import type { EtcdClient } from "./etcd-client.ts";
import { KeyValueSchema, RangeResponseSchema, TxnResponseSchema } from "./generated/etcd_pb.ts";
import { emptySnapshot, Layout } from "./layout.ts";
import { LogReader } from "./log-reader.ts";

const layout = new Layout("test/");

/** An etcd that holds a log of `count` batches, each with a row of `bytes` bytes, and records how many keys each range returns. */
function etcdWith(count: number, bytes: number) {
  const kvs = Array.from({ length: count }, (_, at) => {
    const changes = [{ table: "t", key: `k${at % 10}`, value: new Uint8Array(bytes) }];
    const block = new Uint8Array(encodeBatch({ revision: at + 1, changes }));
    return create(KeyValueSchema, { key: layout.batch(at + 1), value: splitBlock(block, 1).end });
  });
  const pages: number[] = [];
  const head = { seq: count, term: 1, bytes: 0, ends: [] };
  const marks = [undefined, emptySnapshot, head].map((value, at) => ({
    response: {
      case: "responseRange" as const,
      value: { kvs: value ? [{ key: Buffer.of(at), value: Buffer.from(JSON.stringify(value)) }] : [] },
    },
  }));
  const client: Pick<EtcdClient, "persist" | "range" | "txn"> = {
    persist: (attempt) => attempt(1_000),
    txn: () => Promise.resolve(create(TxnResponseSchema, { succeeded: true, responses: marks })),
    range({ key, rangeEnd, limit }) {
      const found = kvs.filter((kv) => Buffer.compare(kv.key, key ?? kv.key) >= 0);
      const inRange = found.filter((kv) => Buffer.compare(kv.key, rangeEnd ?? kv.key) < 0);
      const page = inRange.slice(0, Number(limit));
      pages.push(page.length);
      return Promise.resolve(create(RangeResponseSchema, { kvs: page, more: page.length < inRange.length }));
    },
  };
  return { reader: new LogReader(client, layout), pages };
}

test("a long log of small batches is read with few requests", async () => {
  const { reader, pages } = etcdWith(5_000, 100);
  const { store } = await reader.load({});
  expect(store.revision).toBe(5_000);
  expect(pages.length).toBeLessThan(15);
});

test("a log of large batches is read a few at a time", async () => {
  const { reader, pages } = etcdWith(100, 400_000);
  await reader.load({});
  expect(Math.max(...pages)).toBeLessThanOrEqual(16);
});
