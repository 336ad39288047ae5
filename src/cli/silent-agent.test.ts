import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommandWith } from "../../test/support/command-io.ts";
import { arrived } from "../../test/support/arrived.ts";
import { startCannedAgent } from "../../test/support/canned-agent.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { within } from "../../test/support/within.ts";
import { clientCommands } from "./client-commands.ts";
import { checkerCommand } from "./commands/checker.ts";
import { healthCommand } from "./commands/health.ts";

/* Runs each command against an agent that accepts requests and never answers. */

const folder = mkdtempSync(join(tmpdir(), "silent-"));
afterAll(() => rmSync(folder, { recursive: true }));
const keys = join(folder, "keys.json");
writeFileSync(keys, '[{"key": "a", "flags": 0, "value": ""}]');
const service = join(folder, "service.json");
writeFileSync(service, '{"service": {"name": "a"}}');

const credential = join(folder, "credential");
writeFileSync(credential, "x");
const id = "-id=5f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0000";

/** Arguments for each command that sends requests to an agent; add those of a new command here. */
const wordsOf: Readonly<Record<string, readonly string[]>> = {
  "acl auth-method create": ["-type=jwt", "-name=m", "-config={}"],
  "acl auth-method delete": ["-name=m"],
  "acl auth-method list": [],
  "acl auth-method read": ["-name=m"],
  "acl auth-method update": ["-name=m"],
  "acl binding-rule create": ["-method=m", "-bind-type=service", "-bind-name=a"],
  "acl binding-rule delete": [id],
  "acl binding-rule list": [],
  "acl binding-rule read": [id],
  "acl binding-rule update": [id],
  "acl bootstrap": [],
  "acl observed": [],
  "acl policy create": ["-name=a"],
  "acl policy delete": [id],
  "acl policy list": [],
  "acl policy read": [id],
  "acl policy update": [id],
  "acl role create": ["-name=a", "-service-identity=a"],
  "acl role delete": [id],
  "acl role list": [],
  "acl role read": [id],
  "acl role update": [id],
  "acl set-agent-token": ["agent", "a"],
  "acl token clone": [id],
  "acl token create": ["-service-identity=a"],
  "acl token delete": [id],
  "acl token list": [],
  "acl token read": ["-self"],
  "acl token update": [id],
  "acl translate-rules": ["-token-accessor", "5f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0000"],
  "acl user add": ["-method=m", "-name=a", `-password-file=${credential}`],
  "acl user groups": ["-method=m", "-name=a"],
  "acl user list": [],
  "acl user password": ["-method=m", "-name=a", `-password-file=${credential}`],
  "acl user remove": ["-method=m", "-name=a"],
  "catalog datacenters": [],
  "catalog nodes": [],
  "catalog services": [],
  debug: [`-output=${join(folder, "debug")}`],
  doctor: [],
  event: ["-name=a"],
  exec: ["true"],
  export: [join(folder, "export")],
  "force-leave": ["a"],
  import: ["-from-consul=127.0.0.1:1"],
  info: [],
  join: ["a"],
  keyring: ["-list"],
  "kv apply": ["-watch=a", keys],
  "kv confirm": ["a"],
  "kv copy": ["a", "b"],
  "kv delete": ["a"],
  "kv edit": ["a"],
  "kv export": [],
  "kv get": ["a"],
  "kv diff": ["-from=1h"],
  "kv history": ["a"],
  "kv import": [`@${keys}`],
  "kv move": ["a", "b"],
  "kv put": ["a", "b"],
  "kv origin": ["a"],
  "kv reset": ["a"],
  "kv rollback": ["-to=1h", "a"],
  "kv search": ["a"],
  "kv trials": [],
  "kv undo": ["a"],
  "kv watch": [],
  leave: [],
  login: ["-method=m", `-bearer-token-file=${credential}`, `-token-sink-file=${join(folder, "token")}`],
  logout: ["-token=a"],
  lock: ["a", "true"],
  maint: [],
  members: [],
  monitor: [],
  "operator autopilot get-config": [],
  "operator autopilot set-config": ["-cleanup-dead-servers=true"],
  "operator raft list-peers": [],
  "operator raft remove-peer": ["-id=a"],
  ports: [],
  reload: [],
  rtt: ["a", "b"],
  "services deregister": ["-id=a"],
  "services register": [service],
  "snapshot save": [join(folder, "a.snap")],
  top: [],
  watch: ["-type=key", "-key=a"],
  health: ["a"],
  checker: ["security-proxy-setup"],
};
/**
 * All commands that send requests to an agent, except `snapshot restore`, which needs a valid snapshot before it sends one.
 * test/e2e tests `snapshot restore`.
 */
const tested = [...clientCommands, healthCommand, checkerCommand].filter(
  ({ flags = [], name }) => flags.some((flag) => flag.name === "http-addr") && name !== "snapshot restore",
);

test.each(tested.map((command) => [command.name, command] as const))(
  "%s ends with an error that names the silent agent and says what to do",
  async (name, command) => {
    const clock = new FakeClock();
    using agent = startCannedAgent(() => new Promise(() => {}));
    const words = wordsOf[name];
    if (words === undefined) throw new Error(`${name} is not in the list of this test`);
    const source = name === "import" ? [`-from-consul=${agent.url}`] : words;
    const address = new URL(agent.url).host;
    const running = runCommandWith(command, [`-http-addr=${address}`, ...source], { clock });
    let ended = false;
    void running.finally(() => (ended = true));
    await within(30_000, async () => expect(ended || agent.requests.length > 0).toBe(true));
    await within(30_000, async () => {
      await clock.advance(5_000);
      await arrived();
      expect(ended).toBe(true);
    });
    const { code, stdout, stderr } = await running;
    expect(agent.requests.length).toBeGreaterThan(0);
    expect(code).not.toBe(0);
    expect(clock.monotonicMs()).toBeLessThan(200_000);
    expect(stdout + stderr).toMatch(
      /no answer within (1m0|\d+)s; if the agent runs .* hangs|no answer from \S+ within \d+ ms/,
    );
    expect(stdout + stderr).toContain(agent.url);
  },
);
