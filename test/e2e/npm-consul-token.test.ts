import { expect, test } from "bun:test";
import { npmConsul, refusalOf } from "../support/npm-consul.ts";

const consul = await npmConsul();

const disabled = { status: 401, body: "ACL support disabled" };

test("without access control acl.bootstrap and acl.replication return errors", async () => {
  expect(await refusalOf(consul.acl.bootstrap())).toEqual(disabled);
  expect(await refusalOf(consul.acl.replication())).toEqual(disabled);
});

test("without access control clients cannot create, read, change or delete tokens", async () => {
  const id = "11111111-2222-3333-4444-555555555555";
  const { legacy } = consul.acl;
  expect(await refusalOf(legacy.list())).toEqual(disabled);
  expect(await refusalOf(legacy.info(id))).toEqual(disabled);
  expect(await refusalOf(legacy.create({ name: "mine", type: "client" }))).toEqual(disabled);
  expect(await refusalOf(legacy.update({ id, name: "mine" }))).toEqual(disabled);
  expect(await refusalOf(legacy.clone({ id }))).toEqual(disabled);
  expect(await refusalOf(legacy.destroy(id))).toEqual(disabled);
});

test("without access control a token that a client sends is ignored", async () => {
  const withToken = await npmConsul({ token: "11111111-2222-3333-4444-555555555555" });
  expect(await withToken.kv.set("npm-token", "1")).toBe(true);
  expect((await withToken.kv.get("npm-token"))?.Value).toBe("1");
  expect(await withToken.kv.del("npm-token")).toBe(true);
  expect(await withToken.catalog.datacenters()).toEqual(["dc1"]);
});
