import { expect, test } from "bun:test";
import { packFiles, sha256Sums, unpackFiles } from "../../../test/support/archive.ts";
import { serviceWith } from "../../../test/support/agent.ts";
import { startTestApi } from "../../../test/support/api.ts";
import { keySet } from "../../../test/support/state.ts";

test("an answer that was kept before a restore is not sent after the restore", async () => {
  const { ask, store, answers } = await startTestApi();
  await store.submit(keySet("a", "saved"));
  const archive = await (await ask("/v1/snapshot")).bytes();
  await store.submit(keySet("a", "changed"));
  for (const path of ["/v1/kv/a?raw", "/v1/kv/none", "/v1/catalog/services"]) await ask(path);
  expect(answers.size).toBe(3);
  expect((await ask("/v1/snapshot", { method: "PUT", body: archive })).status).toBe(200);
  expect(await (await ask("/v1/kv/a?raw")).text()).toBe("saved");
  for (const path of ["/v1/kv/a?raw", "/v1/kv/none", "/v1/catalog/services"])
    expect((await ask(path)).headers.get("X-Consul-Index")).toBe(String(store.state.index));
});

test("when a restore is answered, the catalog has exactly the agent's local state for the agent's node", async () => {
  const { ask, agent, servicesInCatalog } = await startTestApi();
  await agent.registerService(serviceWith("old", []), { source: "api" });
  const archive = await (await ask("/v1/snapshot")).bytes();
  await agent.deregisterService("old");
  await agent.registerService(serviceWith("new", ["c1"]), { source: "api" });
  expect((await ask("/v1/snapshot", { method: "PUT", body: archive })).status).toBe(200);
  expect(servicesInCatalog()).toEqual(["new"]);
});

test("restoring a snapshot of Consul is refused with a text that names Consul, and changes nothing", async () => {
  const { ask, store } = await startTestApi();
  const meta = JSON.stringify({ Version: 1, Index: 8, Size: 9 });
  const files = [
    ["meta.json", meta],
    ["state.bin", "\x81\xa9LastIndex\x08"],
  ] as const;
  const body = new Uint8Array(await packFiles([...files, ["SHA256SUMS", sha256Sums(files)]]));
  const before = store.state;
  const answer = await ask("/v1/snapshot", { method: "PUT", body });
  expect([answer.status, await answer.text()]).toEqual([500, expect.stringContaining("HashiCorp's Consul")]);
  expect(store.state).toBe(before);
});

test("a snapshot whose meta.json has another version is refused", async () => {
  const { ask } = await startTestApi();
  const files = await unpackFiles(Buffer.from(await (await ask("/v1/snapshot")).arrayBuffer()));
  files.delete("SHA256SUMS");
  files.set("meta.json", Buffer.from('{"Version":2}'));
  const body = new Uint8Array(await packFiles([...files, ["SHA256SUMS", sha256Sums(files)]]));
  const answer = await ask("/v1/snapshot", { method: "PUT", body });
  expect([answer.status, await answer.text()]).toEqual([500, expect.stringContaining("meta.json")]);
});

test("a snapshot whose Content-Length is too large is refused before its body is read", async () => {
  const { ask } = await startTestApi();
  const headers = { "Content-Length": String(2 ** 40) };
  const answer = await ask("/v1/snapshot", { method: "PUT", headers });
  expect([answer.status, await answer.text()]).toEqual([413, expect.stringContaining("at most 536870912")]);
});
