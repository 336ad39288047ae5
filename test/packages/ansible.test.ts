import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { del, get, send, sharedTarget } from "../support/conformance.ts";
import type { Target } from "../support/target.ts";
import { startTarget } from "../support/target.ts";

/* Runs a playbook of Ansible's own modules for Consul (Debian's packages ansible and python3-consul) against an agent. */

let agent: Target;
let guarded: Target;
const folder = mkdtempSync(join(tmpdir(), "playbooks-"));
const management = "9d2f1f3a-6b0c-4a6e-8a0e-5c1b7a0d3e11";

beforeAll(async () => {
  agent = await sharedTarget();
  guarded = await startTarget({ config: { acl: { enabled: true, default_policy: "deny", tokens: { master: management } } } });
});

afterAll(async () => {
  await guarded.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Task {
  readonly name: string;
  readonly module: string;
  readonly words: Readonly<Record<string, unknown>>;
}

interface TaskOutcome {
  readonly changed: boolean;
  readonly failed?: boolean;
  readonly msg?: string;
  readonly [field: string]: unknown;
}

/** Plays the tasks on this machine; returns the outcome of each by its name. */
async function play(target: Target, tasks: readonly Task[]): Promise<Readonly<Record<string, TaskOutcome>>> {
  const { hostname, port } = new URL(target.url);
  const where = { host: hostname, port: Number(port) };
  const steps = tasks.map(({ name, module, words }) => ({ name, [`community.general.${module}`]: { ...where, ...words } }));
  const file = join(folder, "playbook.json");
  const interpreter = { ansible_python_interpreter: "/usr/bin/python3" };
  const common = { hosts: "localhost", connection: "local", gather_facts: false, vars: interpreter };
  writeFileSync(file, JSON.stringify([{ ...common, tasks: steps }]));
  const played = Bun.spawn(["ansible-playbook", "--inventory", "localhost,", file], {
    env: { ...process.env, ANSIBLE_STDOUT_CALLBACK: "json", ANSIBLE_HOME: folder, LC_ALL: "C.UTF-8" },
    stdout: "pipe",
    stderr: "pipe",
  });
  const text = await new Response(played.stdout).text();
  if ((await played.exited) !== 0) throw new Error(`ansible-playbook failed: ${text.slice(-4_000)}`);
  const { plays } = JSON.parse(text) as {
    plays: readonly { tasks: readonly { task: { name: string }; hosts: { localhost: TaskOutcome } }[] }[];
  };
  return Object.fromEntries((plays[0]?.tasks ?? []).map(({ task, hosts }) => [task.name, hosts.localhost]));
}

function changedOf(outcomes: Readonly<Record<string, TaskOutcome>>): Readonly<Record<string, boolean>> {
  return Object.fromEntries(Object.entries(outcomes).map(([name, { changed }]) => [name, changed]));
}

const wanted: readonly Task[] = [
  {
    name: "service",
    module: "consul",
    words: { service_name: "oven", service_id: "oven-1", service_port: 8080, tags: ["hot"], ttl: "60s" },
  },
  { name: "check", module: "consul", words: { check_name: "door", check_id: "door", ttl: "60s" } },
  { name: "key", module: "consul_kv", words: { key: "ansible/heat", value: "90" } },
];

test("a playbook registers a service and a check and writes a key, and the second time only what is not compared", async () => {
  expect(changedOf(await play(agent, wanted))).toEqual({ service: true, check: true, key: true });
  expect(await text("/v1/kv/ansible/heat?raw")).toBe("90");
  const services = (await get("/v1/agent/services")).json as Record<string, { Port: number; Tags: string[] }>;
  expect(services["oven-1"]).toMatchObject({ Port: 8080, Tags: ["hot"] });
  expect((await get("/v1/agent/checks")).json).toMatchObject({ door: { Name: "door", Status: "critical" } });
  const again = changedOf(await play(agent, wanted));
  expect(again).toMatchObject({ service: false, key: false });
});

async function text(path: string): Promise<string> {
  return (await get(path)).text;
}
