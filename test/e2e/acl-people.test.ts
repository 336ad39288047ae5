import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { programOf } from "../support/target.ts";
import { TestTerminal } from "../support/terminal.ts";

const sandbox = openSandbox();
const master = "6f1c2c1e-0000-4000-8000-00000000cafe";
const audit = join(sandbox.folder, "audit.json");
const sink = join(sandbox.folder, "token.txt");
const password = "planted horse";
let agent: AgentProcess;

afterAll(() => sandbox.close());

beforeAll(async () => {
  const file = join(sandbox.folder, "agent.hcl");
  writeFileSync(
    file,
    `acl { enabled = true, default_policy = "deny", tokens { master = "${master}" } }
     audit { enabled = true, sink "here" { type = "file", format = "json", path = "${audit}" } }`,
  );
  agent = await sandbox.start("-config-file", file, "-data-dir", join(sandbox.folder, "data"), "-log-level", "trace");
  await agent.ready();
});

/** The flags that let a command find the agent, and may write. */
const asMaster = (): readonly string[] => [`-http-addr=${agent.url}`, `-token=${master}`];

async function run(command: string, ...words: readonly string[]): Promise<string> {
  const { code, output } = await sandbox.run(...command.split(" "), ...asMaster(), ...words);
  expect([code, output]).toEqual([0, output]);
  return output;
}

/** Runs a command on a terminal, and answers its questions. Returns what the terminal showed, and the exit code. */
async function answering(words: readonly string[], answers: readonly (readonly [RegExp, string])[]) {
  const program = programOf("praetor");
  await using terminal = new TestTerminal([...program, ...words], {
    env: { CONSUL_HTTP_ADDR: agent.url, CONSUL_HTTP_TOKEN: master },
  });
  for (const [question, keys] of answers) {
    await terminal.shows(question, 20_000);
    terminal.type(keys);
  }
  return { code: await terminal.exited, shown: terminal.output };
}

function as(token: string, method: string, path: string, body?: string) {
  return agent.send(method, path, { headers: { "X-Consul-Token": token }, ...(body !== undefined && { body }) });
}

test("a person whom the commands add logs in on a terminal that does not show the password, and writes what the groups allow", async () => {
  await run("acl auth-method create", "-name=people", "-type=userpass", "-max-token-ttl=30m");
  await run("acl policy create", "-name=line3", '-rules=key_prefix "line3/" { policy = "write" }');
  await run("acl role create", "-name=operators", "-policy-name=line3");
  const rule = ["-bind-type=role", "-bind-name=operators", '-selector="ops" in value.groups'];
  await run("acl binding-rule create", "-method=people", ...rule);
  const add = ["acl", "user", "add", "-method=people", "-name=anna", "-group=ops"];
  const differs = await answering(add, [
    [/New password: /, `${password}\r`],
    [/The same again: /, "other\r"],
  ]);
  expect([differs.code, differs.shown]).toEqual([1, expect.stringContaining("The two passwords differ")]);
  // The user mistypes a letter and takes it back.
  const added = await answering(add, [
    [/New password: /, `${password}x\u007f\r`],
    [/The same again: /, `${password}\r`],
  ]);
  expect([added.code, added.shown]).toEqual([0, expect.stringContaining("anna")]);
  expect(added.shown).not.toContain("planted");
  const login = ["login", "-method=people", "-user=anna", `-token-sink-file=${sink}`];
  const given = await answering(login, [[/Password: /, `${password}\r`]]);
  expect([given.code, given.shown]).toEqual([0, expect.not.stringContaining("planted")]);
  expect((statSync(sink).mode & 0o777).toString(8)).toBe("600");
  const token = readFileSync(sink, "utf8");
  expect((await as(token, "PUT", "/v1/kv/line3/speed", "7")).text).toBe("true");
  expect((await as(token, "PUT", "/v1/kv/line4/speed", "7")).status).toBe(403);
  const self = JSON.parse((await as(token, "GET", "/v1/acl/token/self")).text) as Record<string, string>;
  expect(Date.parse(self["ExpirationTime"] ?? "") - Date.parse(self["CreateTime"] ?? "")).toBe(1_800_000);
  expect(readFileSync(audit, "utf8")).toContain("token created via login of anna");
});

test("an interrupted question leaves the terminal as it was and changes nothing", async () => {
  const { code } = await answering(
    ["acl", "user", "password", "-method=people", "-name=anna"],
    [[/New password: /, "abc\u0003"]],
  );
  expect(code).toBe(130);
  const file = join(sandbox.folder, "password");
  writeFileSync(file, `${password}\n`);
  await run("login", "-method=people", "-user=anna", `-password-file=${file}`, `-token-sink-file=${sink}`);
});

test("passwords come from files, users are listed, changed and removed, and what does not exist is named", async () => {
  const file = join(sandbox.folder, "other-password");
  writeFileSync(file, "planted mule\r\n");
  await run("acl user add", "-method=people", "-name=bert", `-password-file=${file}`);
  expect(await run("acl user list", "-method=people")).toContain("bert");
  expect(await run("acl user groups", "-method=people", "-name=bert", "-group=ops", "-format=json")).toContain('"ops"');
  await run("login", "-method=people", "-user=bert", `-password-file=${file}`, `-token-sink-file=${sink}`);
  const token = readFileSync(sink, "utf8");
  await run("acl user remove", "-method=people", "-name=bert");
  expect((await as(token, "GET", "/v1/kv/line3/speed")).status).toBe(403);
  for (const words of [["remove"], ["groups"], ["password", `-password-file=${file}`]]) {
    const { code, output } = await sandbox.run(
      "acl",
      "user",
      ...words,
      "-method=people",
      "-name=bert",
      `-http-addr=${agent.url}`,
      `-token=${master}`,
    );
    expect([code, output]).toEqual([1, expect.stringContaining('The auth method "people" has no user "bert"')]);
  }
  const again = await sandbox.run(
    "acl",
    "user",
    "add",
    "-method=people",
    "-name=Anna",
    `-password-file=${file}`,
    `-http-addr=${agent.url}`,
    `-token=${master}`,
  );
  expect([again.code, again.output]).toEqual([1, expect.stringContaining("exists already")]);
  const asked = await sandbox.run("login", "-method=people", "-user=anna", `-token-sink-file=${sink}`);
  expect([asked.code, asked.output]).toEqual([1, expect.stringContaining("-password-file=FILE")]);
});

test("no password and no hash leaves the agent, except in a snapshot, which restores the users", async () => {
  const bundle = join(sandbox.folder, "bundle");
  await run("debug", "-capture=agent", "-capture=cluster", `-output=${bundle}`, "-archive=false");
  await run("export", join(sandbox.folder, "export"));
  await run("acl auth-method read", "-name=people", "-format=json", "-meta");
  await run("acl user list", "-format=json", "-meta");
  const files = [audit, ...["bundle", "export"].flatMap((name) => allFiles(join(sandbox.folder, name)))];
  expect(files.length).toBeGreaterThan(3);
  const paths = [
    "/v1/praetor/acl/users",
    "/v1/acl/auth-method/people",
    "/v1/acl/tokens",
    "/v1/agent/self",
    "/v1/agent/metrics",
  ];
  const answers = await Promise.all(paths.map(async (path) => (await as(master, "GET", path)).text));
  const left = [agent.output(), ...answers, ...files.map((file) => readFileSync(file, "latin1"))].join("\n");
  expect(left).toContain("anna");
  for (const secret of ["planted", "argon2", Buffer.from("anna:planted").toString("base64")])
    expect(left).not.toContain(secret);
  const saved = join(sandbox.folder, "saved.snap");
  await run("snapshot save", saved);
  await run("acl auth-method delete", "-name=people");
  await run("snapshot restore", saved);
  const file = join(sandbox.folder, "password");
  await run("login", "-method=people", "-user=anna", `-password-file=${file}`, `-token-sink-file=${sink}`);
  expect((await as(readFileSync(sink, "utf8"), "GET", "/v1/kv/line3/speed?raw")).text).toBe("7");
});

function allFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}
