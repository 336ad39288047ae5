import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startAclServer, type AclServer } from "../../../test/support/acl-server.ts";
import { wrongMax } from "../logins/password-login.ts";

const master = "5f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0000";
const password = "correct horse";
let server: AclServer;

interface Answered {
  readonly status: number;
  readonly text: string;
}

async function ask(method: string, path: string, body?: object): Promise<Answered> {
  const response = await fetch(`${server.url}/v1/${path}`, { method, ...(body && { body: JSON.stringify(body) }) });
  return { status: response.status, text: await response.text() };
}

function logIn(user: string, secret: string, method = "people"): Promise<Answered> {
  return ask("POST", "acl/login", { AuthMethod: method, BearerToken: `${user}:${secret}` });
}

function putUser(fields: object): Promise<Answered> {
  return ask("PUT", "praetor/acl/user", { AuthMethod: "people", ...fields });
}

interface Token {
  readonly AccessorID: string;
  readonly SecretID: string;
  readonly Description: string;
  readonly CreateTime: string;
  readonly ExpirationTime: string;
  readonly Roles?: readonly { readonly Name: string }[];
  readonly ServiceIdentities?: readonly { readonly ServiceName: string }[];
}

async function tokenOf(user: string, secret: string): Promise<Token> {
  const { status, text } = await logIn(user, secret);
  expect([status, text]).toEqual([200, text]);
  return JSON.parse(text) as Token;
}

async function isAlive({ AccessorID }: Token): Promise<boolean> {
  return (await ask("GET", `acl/token/${AccessorID}`)).status === 200;
}

beforeAll(async () => {
  server = await startAclServer({ masterSecret: master });
  await ask("PUT", "acl/role", { Name: "operators" });
  await ask("PUT", "acl/auth-method", { Name: "people", Type: "userpass" });
  const rules = [
    { BindType: "service", BindName: "desk-of-${value.name}" },
    { BindType: "role", BindName: "operators", Selector: '"ops" in value.groups and value.name != "eve"' },
  ];
  for (const rule of rules)
    expect(await ask("PUT", "acl/binding-rule", { AuthMethod: "people", ...rule })).toMatchObject({ status: 200 });
});
afterAll(() => server.stop());

test("a user's password gives a token for an hour, with the rights of the user's name and groups", async () => {
  const created = await putUser({ Name: "Anna", Password: password, Groups: ["ops", "line3"] });
  expect(JSON.parse(created.text)).toMatchObject({ AuthMethod: "people", Name: "Anna", Groups: ["ops", "line3"] });
  const token = await tokenOf("anna", password);
  expect(token).toMatchObject({
    ...{ Description: "token created via login of Anna", AuthMethod: "people", Local: true },
    ...{ Roles: [{ Name: "operators" }], ServiceIdentities: [{ ServiceName: "desk-of-anna" }] },
  });
  expect(Date.parse(token.ExpirationTime) - Date.parse(token.CreateTime)).toBe(3_600_000);
  await putUser({ Name: "bert", Password: password });
  expect((await tokenOf("bert", password)).Roles).toBeUndefined();
});

test("no answer and no log line has a password or its hash", async () => {
  await putUser({ Name: "carl", Password: password });
  await logIn("carl", password);
  await logIn("carl", "wrong-wrong");
  const paths = ["praetor/acl/users", "acl/auth-method/people", "acl/auth-methods", "acl/tokens", "acl/binding-rules"];
  const answers = await Promise.all(paths.map((path) => ask("GET", path)));
  const shown = [...answers.map(({ text }) => text), ...server.log].join("\n");
  expect(shown).toContain('"Name":"carl"');
  for (const secret of ["argon2", password, "wrong-wrong", "asswordHash"]) expect(shown).not.toContain(secret);
});

test("a wrong password and an unknown user have the same answer", async () => {
  const wrong = await logIn("bert", "not the one");
  expect(wrong).toEqual({ status: 403, text: "Permission denied: the user's name or password is wrong" });
  expect(await logIn("nobody", "not the one")).toEqual(wrong);
  expect(await logIn("bert", "")).toMatchObject({ status: 500 });
  expect(await ask("POST", "acl/login", { AuthMethod: "people", BearerToken: "no colon" })).toMatchObject({
    status: 500,
  });
});

describe("a change of a user", () => {
  test("ends the tokens of this user's logins, and keeps what it does not give", async () => {
    await putUser({ Name: "dora", Password: password, Groups: ["ops"] });
    await putUser({ Name: "emil", Password: password });
    const [dora, emil] = [await tokenOf("dora", password), await tokenOf("emil", password)];
    expect(await putUser({ Name: "DORA", Password: "another horse" })).toMatchObject({ status: 200 });
    expect([await isAlive(dora), await isAlive(emil)]).toEqual([false, true]);
    expect((await logIn("dora", password)).status).toBe(403);
    const again = await tokenOf("dora", "another horse");
    expect(again.Roles?.[0]?.Name).toBe("operators");
    await putUser({ Name: "dora", Groups: [] });
    expect(await isAlive(again)).toBe(false);
    expect((await tokenOf("dora", "another horse")).Roles).toBeUndefined();
    expect(await ask("DELETE", "praetor/acl/user/people/Emil")).toEqual({ status: 200, text: "true" });
    expect(await isAlive(emil)).toBe(false);
    expect((await logIn("emil", password)).status).toBe(403);
  });

  test.each([
    [{ Name: "x", Password: "short" }, "a Password has 8 to 1024 characters, and this one 5"],
    [{ Name: "a/b", Password: password }, "invalid Name"],
    [{ Name: "x", Password: password, Groups: [""] }, 'invalid group ""'],
    [{ Name: "x" }, "a new user needs a Password"],
    [{ AuthMethod: "none", Name: "x", Password: password }, 'cannot find auth method with name "none"'],
    [{ AuthMethod: "k8s", Name: "x", Password: password }, 'not "userpass"'],
  ])("is refused for %j", async (fields, why) => {
    const { store } = server;
    const method = { name: "k8s", type: "kubernetes", displayName: "", description: "", maxTokenTtlMs: 0 };
    await store.submit({
      type: "acl-auth-method-set",
      method: { ...method, tokenLocality: "", config: {} },
      configFault: undefined,
    });
    const before = [...store.state.aclUsers.values()];
    const { status, text } = await putUser(fields);
    expect([status, text]).toEqual([500, expect.stringContaining(why)]);
    expect([...store.state.aclUsers.values()]).toEqual(before);
  });

  test("is not seen by a login whose password was checked before it", async () => {
    await putUser({ Name: "fay", Password: password });
    const user = { name: "fay", modifyIndex: 1 };
    const bindings = { serviceIdentities: [{ serviceName: "a", datacenters: [] }], nodeIdentities: [], roleNames: [] };
    const ids = { accessorId: crypto.randomUUID(), secretId: crypto.randomUUID() };
    const login = { ...ids, authMethod: "people", description: "", bindings, nowMs: 0 };
    const outcome = await server.store.submit({ type: "acl-login", ...login, user });
    expect(outcome).toEqual({ type: "rejected", reason: { code: "acl-denied" } });
  });
});

test("users go with their auth method, which takes no settings", async () => {
  const Config = { Users: 1 };
  expect((await ask("PUT", "acl/auth-method", { Name: "m", Type: "userpass", Config })).text).toContain(
    "invalid keys: Users",
  );
  await ask("PUT", "acl/auth-method", { Name: "m", Type: "userpass", MaxTokenTTL: "5m" });
  await putUser({ AuthMethod: "m", Name: "gus", Password: password });
  expect((await ask("GET", "praetor/acl/users?authmethod=m")).text).toContain('"gus"');
  await ask("DELETE", "acl/auth-method/m");
  expect((await ask("GET", "praetor/acl/users?authmethod=m")).text).toBe("[]");
});

/** Sends different wrong passwords, and returns how many answers have each status. */
async function guess(user: string, count: number, mark: string): Promise<Readonly<Record<number, number>>> {
  const answers = await Promise.all(Array.from({ length: count }, (_, at) => logIn(user, `${mark} ${at}`)));
  return Object.fromEntries(
    [403, 429].map((status) => [status, answers.filter((each) => each.status === status).length]),
  );
}

test("wrong passwords are limited, also of logins at the same time, and a repeated one counts once", async () => {
  const limited = await startAclServer({ masterSecret: master });
  const other = server;
  server = limited;
  try {
    await ask("PUT", "acl/auth-method", { Name: "people", Type: "userpass" });
    await ask("PUT", "acl/binding-rule", { AuthMethod: "people", BindType: "service", BindName: "a" });
    await putUser({ Name: "anna", Password: password });
    for (let at = 0; at < 3; at += 1) expect((await logIn("anna", "the same old one")).status).toBe(403);
    expect((await logIn("anna", password)).status).toBe(200);
    expect(await guess("anna", 14, "guess")).toEqual({ 403: wrongMax - 1, 429: 5 });
    expect(await logIn("anna", password)).toMatchObject({ status: 429 });
    expect(await guess("nobody", 1, "x")).toEqual({ 403: 0, 429: 1 });
    expect(server.log.filter((line) => line.includes("Too many wrong passwords"))).toHaveLength(1);
  } finally {
    server = other;
    await limited.stop();
  }
});
