import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type AgentProcess, openSandbox } from "../../support/agent-process.ts";
import { type AskAs, ConsulEngine } from "../../support/edgex-secure/consul-engine.ts";
import { RegistryAclSetup, releases, type SecretsVolume } from "../../support/edgex-secure/registry-acl.ts";
import { SecuredService } from "../../support/edgex-secure/secured-service.ts";
import { differs } from "../../support/conformance.ts";
import { exchange } from "../../support/exchange.ts";
import { freePorts } from "../../support/free-ports.ts";
import { rejectionOf } from "../../support/rejection.ts";
import { within } from "../../support/within.ts";

/*
 * Secure mode of EdgeX 2 and 3: the requests of security-bootstrapper, of Vault's engine for Consul, and of the services, in their
 * order, to a server that is killed and started again in between.
 */

const sandbox = openSandbox();
afterAll(() => sandbox.close());

const accessControl = `acl { enabled = true default_policy = "deny" enable_token_persistence = true }`;
const roles = ["core-data", "core-metadata", "core-command", "device-virtual", "security-spiffe-token-provider"];

interface Stack {
  readonly agent: AgentProcess;
  readonly dataDir: string;
  readonly ask: AskAs;
  restart(): Promise<void>;
}

async function startStack(node: string, name: string): Promise<Stack> {
  const [port = 0, server = 0, lan = 0, wan = 0] = await freePorts(4);
  const dataDir = join(sandbox.folder, `${node}-${name}`);
  mkdirSync(dataDir);
  const words = [
    ...["-server", "-bootstrap", "-bind", "127.0.0.1", "-node", node, "-data-dir", dataDir, "-hcl", accessControl],
    ...["-http-port", `${port}`, "-dns-port", "-1", "-server-port", `${server}`],
    ...["-serf-lan-port", `${lan}`, "-serf-wan-port", `${wan}`],
    ...["-client", "127.0.0.1", "-grpc-port", "-1"],
  ];
  const url = `http://127.0.0.1:${port}`;
  const start = async (): Promise<AgentProcess> => {
    const started = sandbox.startAt({ host: "127.0.0.1", port }, ...words);
    await started.ready();
    await within(20_000, async () => {
      const { text } = await exchange(url, "GET", { path: "/v1/status/leader" });
      if (!text.includes(":")) throw new Error(`no leader: ${text}`);
    });
    return started;
  };
  let agent = await start();
  return {
    get agent() {
      return agent;
    },
    dataDir,
    ask: (token, method, path, body) =>
      exchange(url, method, { path, body, headers: token === undefined ? {} : { "X-Consul-Token": token } }),
    async restart() {
      agent.signal("SIGKILL");
      await agent.ended();
      agent = await start();
    },
  };
}

function persistedTokens({ dataDir }: Stack): unknown {
  const path = join(dataDir, "acl-tokens.json");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  return JSON.parse(readFileSync(path, "utf8"));
}

async function countTokens({ ask }: Stack, { bootstrapToken }: SecretsVolume): Promise<number> {
  return ((await ask(bootstrapToken, "GET", "/v1/acl/tokens")).json as unknown[]).length;
}

for (const release of releases)
  describe(`EdgeX ${release.name} in secure mode`, async () => {
    const stack = await startStack("edgex-core-consul", release.name);
    const { ask } = stack;
    const vault = new ConsulEngine(ask);
    const volume: SecretsVolume = {};
    const setup = new RegistryAclSetup({ ask, vault, volume, release, roles });
    const folder = release.folderOf("core-data");
    const start = (key: string): Promise<SecuredService> => SecuredService.start({ ask, vault, key });
    let data: SecuredService;
    let command: SecuredService;

    test("sets up access control at the first start, and the agent keeps its token in a file for the owner alone", async () => {
      await setup.run();
      expect(persistedTokens(stack)).toEqual({ agent: expect.stringMatching(/^[0-9a-f-]{36}$/) });
      const again = await ask(undefined, "PUT", "/v1/acl/bootstrap");
      expect(again.status).toBe(403);
      expect(again.text).toContain("Permission denied: ACL bootstrap no longer allowed");
    });

    test("gives each service a token with which it registers itself, its check and its configuration", async () => {
      [data, command] = [await start("core-data"), await start("core-command")];
      expect(await data.register(59_880)).toEqual([200, 200]);
      expect(await command.register(59_882)).toEqual([200, 200]);
      const written = await data.ask("PUT", `/v1/kv/${folder}/Writable/LogLevel`, "INFO");
      expect([written.status, written.text.trim()]).toEqual([200, "true"]);
      expect((await data.ask("GET", `/v1/kv/${folder}/Writable/LogLevel?raw`)).text).toBe("INFO");
      const keys = await data.ask("GET", `/v1/kv/${folder}/?keys`);
      expect(keys.json).toEqual([`${folder}/Writable/LogLevel`]);
      expect([data.renewals, command.renewals]).toEqual([0, 0]);
    });

    test("lets a service find the others and their checks", async () => {
      await within(10_000, async () => {
        const checks = (await command.ask("GET", "/v1/health/checks/core-data")).json as { CheckID: string }[];
        expect(checks.map(({ CheckID }) => CheckID)).toEqual(["core-data"]);
        expect((await command.ask("GET", "/v1/health/service/core-data")).json).toHaveLength(1);
      });
      const known = (await command.ask("GET", "/v1/agent/services")).json as Record<string, unknown>;
      expect(Object.keys(known).toSorted()).toEqual(["core-command", "core-data"]);
    });

    if (release.hasPolicyPerService)
      test("refuses a service the names and keys of another", async () => {
        const key = `/v1/kv/${release.folderOf("core-command")}/Writable/LogLevel`;
        for (const [method, path, body] of [
          ["PUT", key, "DEBUG"],
          ["GET", key, undefined],
          ["DELETE", key, undefined],
          ["PUT", "/v1/agent/service/register", { Name: "core-command", Port: 1 }],
          ["PUT", "/v1/agent/service/deregister/core-command", undefined],
          ["GET", "/v1/acl/tokens", undefined],
          ["GET", "/v1/agent/self", undefined],
          ["PUT", "/v1/session/create", {}],
        ] as const)
          expect([path, (await data.once(method, path, body)).status]).toEqual([path, 403]);
        expect((await data.once("GET", `/v1/kv/${release.folderOf("core-command")}/?recurse`)).status).toBe(404);
      });

    if (release.commonFolder !== undefined)
      test("lets every service read the common configuration", async () => {
        const key = `/v1/kv/${release.commonFolder}/all-services/Writable/LogLevel`;
        expect((await ask(volume.bootstrapToken, "PUT", key, "INFO")).status).toBe(200);
        expect((await data.once("GET", `${key}?raw`)).text).toBe("INFO");
        expect((await data.once("PUT", key, "DEBUG")).status).toBe(403);
      });

    test("refuses requests without a token, and does not name the services to them", async () => {
      expect((await ask(undefined, "GET", `/v1/kv/${folder}/Writable/LogLevel`)).status).toBe(403);
      expect((await ask(undefined, "GET", "/v1/health/service/core-data")).json).toEqual([]);
      expect((await ask(undefined, "GET", "/v1/catalog/services")).json).toEqual({});
    });

    test("wakes a service's watch, and the watch goes on with a new token when the lease has ended", async () => {
      const watched = `/v1/kv/${folder}/Writable?recurse`;
      const { index } = await data.once("GET", watched);
      const held = data.once("GET", `${watched}&index=${index}&wait=10m`);
      await data.ask("PUT", `/v1/kv/${folder}/Writable/LogLevel`, "DEBUG");
      const woken = await held;
      expect([woken.status, woken.index > index]).toEqual([200, true]);

      const before = data.lease;
      await vault.revoke(before);
      const refused = await data.once("GET", `${watched}&index=${woken.index}&wait=10m`);
      expect([refused.status, refused.text]).toEqual([403, "ACL not found"]);
      for (const path of ["/v1/health/service/core-data", "/v1/agent/services", "/v1/catalog/services"])
        expect([path, (await data.once("GET", path)).status]).toEqual([path, 403]);
      const renewed = await data.ask("GET", watched);
      expect([renewed.status, data.renewals, data.lease.secret === before.secret]).toEqual([200, 1, false]);
    });

    test("goes on after a kill of the agent with the tokens of the services and of the agent", async () => {
      const kept = persistedTokens(stack);
      const { secret } = data.lease;
      await stack.restart();
      expect(persistedTokens(stack)).toEqual(kept);
      expect((await data.once("GET", `/v1/kv/${folder}/Writable/LogLevel?raw`)).text).toBe("DEBUG");
      expect(await data.register(59_880)).toEqual([200, 200]);
      expect(data.lease.secret).toBe(secret);
    });

    test("survives the second start of EdgeX with the same tokens", async () => {
      const before = [await countTokens(stack, volume), persistedTokens(stack), volume.managementToken];
      const lacksSecrets = !release.readsTokenByAccessor && !differs("praetor", "shows secrets in the list of tokens");
      if (lacksSecrets) expect(String(await rejectionOf(setup.run()))).toContain("agent token ID is required");
      else await setup.run();
      expect([await countTokens(stack, volume), persistedTokens(stack), volume.managementToken]).toEqual(before);
      expect((await start("device-virtual")).lease.secret).toMatch(/^[0-9a-f-]{36}$/);
    });

    test("lets a service leave, and tells it that its second deregistration finds no check", async () => {
      expect((await command.ask("PUT", "/v1/agent/service/deregister/core-command")).status).toBe(200);
      const check = await command.once("PUT", "/v1/agent/check/deregister/core-command");
      expect([check.status, check.text]).toEqual([500, 'Unknown check "core-command"']);
      expect((await data.ask("GET", "/v1/health/service/core-command")).json).toEqual([]);
    });
  });

test("on a node whose name does not begin with edgex, the services of EdgeX find no other, and doctor says why", async () => {
  const [, , release = releases[0]] = releases;
  if (!release) throw new Error("there is no release");
  const stack = await startStack("gateway7", release.name);
  const { ask } = stack;
  const vault = new ConsulEngine(ask);
  const volume: SecretsVolume = {};
  await new RegistryAclSetup({ ask, vault, volume, release, roles }).run();
  const data = await SecuredService.start({ ask, vault, key: "core-data" });
  expect(await data.register(59_880)).toEqual([200, 200]);
  await within(10_000, async () => {
    const seen = await ask(volume.bootstrapToken, "GET", "/v1/health/checks/core-data");
    expect(seen.json).toHaveLength(1);
  });
  expect((await data.once("GET", "/v1/health/checks/core-data")).json).toEqual([]);
  expect((await data.once("GET", "/v1/health/service/core-data")).json).toEqual([]);
  if (!differs("praetor", "has a command that examines it")) return;
  const examine = ["doctor", "-http-addr", stack.agent.url, "-token", volume.bootstrapToken ?? ""];
  const { output } = await sandbox.run(...examine);
  expect(output).toContain("node-hidden-from-edgex  node gateway7\n");
  expect(output).toContain("EdgeX's services get empty lists of services and checks");
  expect(output).toContain("-node edgex-core-consul");
});
