import { expect, test } from "bun:test";
import { openTestStore } from "../../test/support/store.ts";
import { LocalRows } from "../registry/local-rows.ts";
import { Secrets } from "./secrets.ts";

test("a secret has its last value after a restart", async () => {
  const { disk, store } = openTestStore();
  const rows = new LocalRows(store);
  const secrets = new Secrets(rows, []);
  await secrets.store("mqtt-bus", { username: "a", password: "b" });
  await secrets.store("mqtt-bus", { username: "c" });
  expect(new Secrets(rows, disk.rows()).read("mqtt-bus")).toEqual({ username: "c" });
  expect(secrets.read("other")).toBeUndefined();
});

test("a secret that cannot be made durable is not stored", async () => {
  const { engine, store } = openTestStore();
  const secrets = new Secrets(new LocalRows(store), []);
  engine.fail();
  const refused = await secrets.store("s", { key: "k" }).catch(String);
  expect(refused).toContain("the disk is full");
  expect(secrets.read("s")).toBeUndefined();
});
