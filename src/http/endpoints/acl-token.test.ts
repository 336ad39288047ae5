import { afterEach, beforeEach, expect, test } from "bun:test";
import { aclToken } from "../../../test/support/acl.ts";
import { startAclServer, type AclServer } from "../../../test/support/acl-server.ts";
import { rowsOfTurn } from "../render-in-turns.ts";

const master = "5f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0000";
const id = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0001";

let server: AclServer;
beforeEach(async () => void (server = await startAclServer({ masterSecret: master })));
afterEach(() => server.stop());

function send(method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(`${server.url}${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

test("a waiting list of tokens is answered when a token is written, and not when a policy is", async () => {
  const { headers } = await send("GET", "/v1/acl/tokens");
  const waiting = send("GET", `/v1/acl/tokens?index=${headers.get("X-Consul-Index")}`);
  await send("PUT", "/v1/acl/policy", { Name: "p" });
  const written = await send("PUT", "/v1/acl/token", { AccessorID: id });
  const { ModifyIndex } = (await written.json()) as { ModifyIndex: number };
  const answer = await waiting;
  expect(answer.headers.get("X-Consul-Index")).toBe(String(ModifyIndex));
  expect(await answer.text()).toContain(id);
});

test("no answer about tokens is kept for another caller", async () => {
  await send("PUT", "/v1/acl/policy", { Name: "reader", Rules: 'acl = "read"' });
  const made = await send("PUT", "/v1/acl/token", { AccessorID: id, Policies: [{ Name: "reader" }] });
  const { SecretID } = (await made.json()) as { SecretID: string };
  const read = async (secret: string): Promise<string> => {
    const answer = await fetch(`${server.url}/v1/acl/token/${id}`, { headers: { "X-Consul-Token": secret } });
    return ((await answer.json()) as { SecretID: string }).SecretID;
  };
  expect([await read(master), await read(SecretID), await read(master)]).toEqual([SecretID, "<hidden>", SecretID]);
});

test("a token cannot delete itself", async () => {
  const self = (await (await send("GET", "/v1/acl/token/self")).json()) as { AccessorID: string };
  const answer = await send("DELETE", `/v1/acl/token/${self.AccessorID}`);
  expect([answer.status, await answer.text()]).toEqual([
    500,
    "Deletion of the request's authorization token is not permitted",
  ]);
});

test("the list of tokens shows secrets to a caller who may write tokens, and to no other", async () => {
  await send("PUT", "/v1/acl/policy", { Name: "reader", Rules: 'acl = "read"' });
  const made = await send("PUT", "/v1/acl/token", { AccessorID: id, Policies: [{ Name: "reader" }] });
  const { SecretID } = (await made.json()) as { SecretID: string };
  const listedSecret = async (secret: string): Promise<string | undefined> => {
    const answer = await fetch(`${server.url}/v1/acl/tokens`, { headers: { "X-Consul-Token": secret } });
    const listed = (await answer.json()) as { AccessorID: string; SecretID?: string }[];
    return listed.find(({ AccessorID }) => AccessorID === id)?.SecretID;
  };
  expect([await listedSecret(master), await listedSecret(SecretID)]).toEqual([SecretID, undefined]);
});

test("a list that is rendered in several turns has every token once, in the order of their secrets, also when it is indented", async () => {
  const count = 2 * rowsOfTurn + 1;
  const secrets = Array.from(
    { length: count },
    (_none, at) => `6f3f8f6c-6f0e-4a66-9e1c-${String(at).padStart(12, "0")}`,
  );
  for (const secretId of secrets) {
    const token = aclToken({ accessorId: secretId.replace("6f3f", "7f3f"), secretId });
    await server.store.submit({ type: "acl-token-set", token, isNew: true, nowMs: Date.now() });
  }
  const plain = await (await send("GET", "/v1/acl/tokens")).text();
  const listed = JSON.parse(plain) as { SecretID: string }[];
  expect(listed.map(({ SecretID }) => SecretID).filter((secret) => secret.startsWith("6f3f"))).toEqual(secrets);
  expect(plain).toBe(JSON.stringify(listed));
  const pretty = await (await send("GET", "/v1/acl/tokens?pretty")).text();
  expect(pretty).toBe(`${JSON.stringify(listed, null, 4)}\n`);
});
