import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Program } from "../../examples/gateway/program.ts";
import { get, sharedTarget } from "../support/conformance.ts";
import { freePorts } from "../support/free-ports.ts";
import { within } from "../support/within.ts";

/**
 * The path of HashiCorp's Vault 1.3.1, the version that EdgeX Geneva uses; undefined if this machine has no Vault. No package
 * provides it.
 */
const binary = process.env["VAULT_BINARY"] ?? Bun.which("vault");
const soonMs = 30_000;
/** Maximum time of a takeover: twice the session's TTL of 15 s, the lock delay of 15 s, and Vault's pauses of 5 s. */
const takeOverMs = 60_000;

/** A running Vault that stores its data in the agent, used over Vault's HTTP API. */
class Vault {
  readonly url: string;
  readonly id: string;
  readonly #program: Program;

  constructor(folder: string, { port, clusterPort, agent }: { port: number; clusterPort: number; agent: string }) {
    this.url = `http://127.0.0.1:${port}`;
    this.id = `vault:127.0.0.1:${port}`;
    const config = {
      storage: { consul: { address: new URL(agent).host, path: "vault/" } },
      listener: { tcp: { address: `127.0.0.1:${port}`, tls_disable: 1 } },
      api_addr: this.url,
      cluster_addr: `https://127.0.0.1:${clusterPort}`,
      disable_mlock: true,
    };
    const path = join(folder, `${port}.json`);
    writeFileSync(path, JSON.stringify(config));
    this.#program = new Program({
      name: "vault",
      command: [binary ?? "", "server", "-config", path],
      onLine: () => undefined,
    });
  }

  async ask(method: string, path: string, more: { token?: string; body?: object } = {}): Promise<unknown> {
    const answer = await fetch(`${this.url}/v1/${path}`, {
      method,
      headers: { "X-Vault-Token": more.token ?? "" },
      ...(more.body && { body: JSON.stringify(more.body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  async isLeader(): Promise<boolean> {
    const { is_self: isSelf } = (await this.ask("GET", "sys/leader")) as { readonly is_self: boolean };
    return isSelf;
  }

  async kill(): Promise<void> {
    await this.#program.stop("SIGKILL");
  }
}

async function tagsOf({ id }: Vault): Promise<string | undefined> {
  const rows = (await get("/v1/health/service/vault?passing")).json as readonly {
    readonly Service: { readonly ID: string; readonly Tags: readonly string[] };
  }[];
  return rows.find(({ Service }) => Service.ID === id)?.Service.Tags.join();
}

describe.skipIf(!binary)("the real Vault program (skipped where VAULT_BINARY is unset: no package has it)", () => {
  const folder = mkdtempSync(join(tmpdir(), "vault-"));
  const vaults: Vault[] = [];
  let token = "";

  beforeAll(async () => {
    const { url: agent } = await sharedTarget();
    const [one = 0, two = 0, three = 0, four = 0] = await freePorts(4);
    const first = new Vault(folder, { port: one, clusterPort: two, agent });
    const second = new Vault(folder, { port: three, clusterPort: four, agent });
    vaults.push(first, second);
    const shares = { secret_shares: 1, secret_threshold: 1 };
    const made = await within(soonMs, () => first.ask("PUT", "sys/init", { body: shares }));
    const { keys, root_token } = made as { readonly keys: readonly string[]; readonly root_token: string };
    token = root_token;
    await first.ask("PUT", "sys/unseal", { body: { key: keys[0] } });
    await within(soonMs, async () => expect(await first.isLeader()).toBe(true));
    await second.ask("PUT", "sys/unseal", { body: { key: keys[0] } });
  });

  afterAll(async () => {
    await Promise.all(vaults.map((vault) => vault.kill()));
    rmSync(folder, { recursive: true });
  });

  test("stores secrets, and the standby becomes active when the active Vault is killed", async () => {
    const [first, second] = vaults as [Vault, Vault];
    await within(soonMs, async () => expect(await tagsOf(first)).toBe("active"));
    await within(soonMs, async () => expect(await tagsOf(second)).toBe("standby"));
    await first.ask("POST", "sys/mounts/secret", { token, body: { type: "kv" } });
    await first.ask("PUT", "secret/edgex/redisdb", { token, body: { password: "x" } });
    await first.kill();
    await within(takeOverMs, async () => expect(await second.isLeader()).toBe(true));
    const secret = await within(soonMs, () => second.ask("GET", "secret/edgex/redisdb", { token }));
    expect(secret).toMatchObject({ data: { password: "x" } });
    await within(soonMs, async () => expect(await tagsOf(second)).toBe("active"));
  });
});
