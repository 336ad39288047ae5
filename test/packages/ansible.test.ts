import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exchange } from "../support/exchange.ts";
import { startTarget, startTargetAs, type Target } from "../support/target.ts";

/* Plays tasks of Ansible's modules for Consul (Debian's packages ansible, python3-consul, python3-pyhcl) against an agent. */

const folder = mkdtempSync(join(tmpdir(), "playbooks-"));
const master = "9d2f1f3a-6b0c-4a6e-8a0e-5c1b7a0d3e11";
let agent: Target;
let guarded: Target;

beforeAll(async () => {
  agent = await startTarget();
  const acl = `acl { enabled = true, default_policy = "deny", tokens { master = "${master}", agent = "${master}" } }`;
  guarded = await startTargetAs(master, ["-hcl", acl]);
});

afterAll(async () => {
  await agent.stop();
  await guarded.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A task: its module without the collection's name, and the module's parameters. */
type Task = readonly [module: string, parameters: Readonly<Record<string, unknown>>];

interface Outcome {
  readonly changed: boolean;
  readonly [field: string]: unknown;
}

/** Plays the tasks on this machine; returns the outcome of each. @throws Error with what Ansible printed, if a task fails */
async function play(target: Target, tasks: readonly Task[]): Promise<readonly Outcome[]> {
  const { hostname: host, port } = new URL(target.url);
  const playbook = {
    ...{ hosts: "localhost", connection: "local", gather_facts: false },
    vars: { ansible_python_interpreter: "/usr/bin/python3" },
    tasks: tasks.map(([module, parameters]) => ({
      [`community.general.${module}`]: { host, port: Number(port), ...parameters },
    })),
  };
  const file = join(folder, "playbook.json");
  writeFileSync(file, JSON.stringify([playbook]));
  const settings = { ANSIBLE_STDOUT_CALLBACK: "json", ANSIBLE_HOME: folder, HOME: folder, LC_ALL: "C.UTF-8" };
  const played = Bun.spawn(["ansible-playbook", "--inventory", "localhost,", file], {
    env: { ...process.env, ...settings },
    stdout: "pipe",
    stderr: "inherit",
  });
  const printed = await new Response(played.stdout).text();
  if ((await played.exited) !== 0) throw new Error(`ansible-playbook failed: ${printed.slice(-4_000)}`);
  const { plays } = JSON.parse(printed.slice(printed.indexOf("{"))) as {
    readonly plays: readonly { readonly tasks: readonly { readonly hosts: { readonly localhost: Outcome } }[] }[];
  };
  return (plays[0]?.tasks ?? []).map(({ hosts }) => hosts.localhost);
}

async function changes(target: Target, tasks: readonly Task[]): Promise<readonly boolean[]> {
  return (await play(target, tasks)).map(({ changed }) => changed);
}

async function read(target: Target, path: string): Promise<unknown> {
  const { status, text } = await exchange(target.url, "GET", { path, headers: { "X-Consul-Token": master } });
  return status === 404 ? undefined : (JSON.parse(text) as unknown);
}

test("a playbook registers a service and a check, writes keys, and changes nothing the second time", async () => {
  const service = { service_name: "oven", service_id: "oven-1", service_port: 8080, tags: ["hot"], ttl: "60s" };
  const tasks: readonly Task[] = [
    ["consul", service],
    ["consul_kv", { key: "ansible/heat", value: "90" }],
    ["consul_kv", { key: "ansible/a name/of a door", value: "open" }],
  ];
  expect(await changes(agent, tasks)).toEqual([true, true, true]);
  expect(await read(agent, "/v1/agent/services")).toMatchObject({ "oven-1": { Port: 8080, Tags: ["hot"] } });
  expect(await read(agent, "/v1/agent/checks")).toMatchObject({ "service:oven-1": { Status: "critical" } });
  expect(await read(agent, "/v1/kv/ansible/?keys")).toEqual(["ansible/a name/of a door", "ansible/heat"]);
  // The module registers a service with a check anew each time; Consul has the same answer.
  expect((await changes(agent, tasks)).slice(1)).toEqual([false, false]);
  const absent: readonly Task[] = [
    ["consul", { service_id: "oven-1", state: "absent" }],
    ["consul_kv", { key: "ansible/", state: "absent", recurse: true }],
  ];
  expect(await changes(agent, absent)).toEqual([true, true]);
  expect(await changes(agent, absent)).toEqual([false, false]);
  expect(await read(agent, "/v1/kv/ansible/?keys")).toBeUndefined();
});

test("a playbook takes a lock with a session, and another session cannot have it", async () => {
  const [mine, theirs] = await play(agent, [
    ["consul_session", { name: "mine", ttl: 60, behavior: "delete" }],
    ["consul_session", { name: "theirs", ttl: 60 }],
  ]);
  const lock = (outcome: Outcome | undefined, value: string): Task => [
    "consul_kv",
    { key: "ansible/lock", value, session: outcome?.["session_id"], state: "acquire" },
  ];
  expect(await changes(agent, [lock(mine, "me"), lock(theirs, "them")])).toEqual([true, false]);
  expect(await read(agent, "/v1/kv/ansible/lock")).toMatchObject([{ Session: mine?.["session_id"] }]);
  await play(agent, [["consul_session", { id: mine?.["session_id"], state: "absent" }]]);
  expect(await read(agent, "/v1/kv/ansible/lock")).toBeUndefined();
});

test("a playbook creates a token with rules, changes it when the rules differ, and removes it", async () => {
  const rule = (policy: string): Task => [
    "consul_acl",
    {
      ...{ mgmt_token: master, name: "reader", token: "5a1b6c70-2222-4444-8888-0123456789ab" },
      rules: [{ key: "ansible", policy }, { keyring: policy }],
    },
  ];
  expect(await changes(guarded, [rule("read"), rule("read"), rule("write")])).toEqual([true, false, true]);
  const token = "/v1/acl/info/5a1b6c70-2222-4444-8888-0123456789ab";
  expect(JSON.stringify(await read(guarded, token))).toContain("write");
  const gone: Task = [
    "consul_acl",
    { mgmt_token: master, token: "5a1b6c70-2222-4444-8888-0123456789ab", state: "absent" },
  ];
  expect(await changes(guarded, [gone, gone])).toEqual([true, false]);
  expect(await read(guarded, token)).toEqual([]);
});
