import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { systemClock } from "../../src/lib/clock.ts";
import { checkerCommand } from "../../src/cli/commands/checker.ts";
import { healthCommand } from "../../src/cli/commands/health.ts";
import { startTestApi } from "../support/api.ts";
import { runCommandWith } from "../support/command-io.ts";
import { del, get, put, sharedTarget } from "../support/conformance.ts";
import { exchange } from "../support/exchange.ts";
import { rejectionOf } from "../support/rejection.ts";
import { type Ask, StandInVault } from "../support/vault.ts";
import { within } from "../support/within.ts";

const soonMs = 10_000;
const { url } = await sharedTarget();
const overSocket: Ask = (method, path, body) => exchange(url, method, { path, body });

interface CatalogRow {
  readonly Service: { readonly ID: string; readonly Tags: readonly string[] };
  readonly Checks: readonly { readonly CheckID: string; readonly Status: string; readonly Output: string }[];
}

/** Returns the tags of a Vault's service in the catalog, and the status and output of the Vault's check. */
async function told(vault: StandInVault): Promise<readonly (string | undefined)[]> {
  const rows = (await get("/v1/health/service/vault")).json as readonly CatalogRow[];
  const row = rows.find(({ Service }) => Service.ID === vault.serviceId);
  const check = row?.Checks.find(({ CheckID }) => CheckID === vault.checkId);
  return [row?.Service.Tags.join(), check?.Status, check?.Output];
}

const first = new StandInVault(overSocket, { host: "edgex-vault", port: 8200, clock: systemClock });
const second = new StandInVault(overSocket, { host: "edgex-vault-2", port: 8200, clock: systemClock });

describe("Vault's storage in the agent", () => {
  test("stores and returns values, lists one level at a time, and deletes values", async () => {
    await first.put("core/keyring", "\u0000\u0001secret");
    await first.put("logical/1/a", "");
    await first.put("logical/1/b/c", "x");
    expect(await first.get("core/keyring")).toBe("\u0000\u0001secret");
    expect(await first.get("logical/1/a")).toBe("");
    expect(await first.get("core/none")).toBeUndefined();
    expect(await first.list("")).toEqual(["core/", "logical/"]);
    expect(await first.list("logical/1/")).toEqual(["a", "b/"]);
    expect(await first.list("none/")).toEqual([]);
    await first.delete("logical/1/a");
    expect(await first.list("logical/1/")).toEqual(["b/"]);
  });

  test("executes several writes and deletes atomically, also for missing keys", async () => {
    await first.transact({ "sys/a": "1", "sys/b": "2" });
    await first.transact({ "sys/a": undefined, "sys/none": undefined, "sys/c": "3" });
    expect(await first.list("sys/")).toEqual(["b", "c"]);
  });
});

describe("Vault's registration with the agent", () => {
  test("distinguishes a sealed Vault from an unsealed one, with Vault's own check texts", async () => {
    expect(await first.reconcile()).toBe(true);
    expect(await told(first)).toEqual(["standby", "critical", ""]);
    await first.seal(false);
    expect(await told(first)).toEqual(["standby", "passing", "Vault Unsealed"]);
    await first.seal(true);
    expect(await told(first)).toEqual(["standby", "critical", "Vault Sealed"]);
    expect(await first.reconcile()).toBe(false);
  });

  test("decides the exit codes of `praetor health vault` and of the checker of the secret store", async () => {
    const outcomes = async (): Promise<readonly number[]> => {
      const health = await runCommandWith(healthCommand, ["vault", "--url", url]);
      const checker = await runCommandWith(checkerCommand, ["security-secretstore-setup", "--agent", url]);
      return [health.code, checker.code];
    };
    expect(await outcomes()).toEqual([2, 2]);
    await first.seal(false);
    expect(await outcomes()).toEqual([0, 0]);
  });

  test("turns critical, with its last output, when Vault sends no update for five seconds", async () => {
    const expired = "TTL expired (last output before timeout follows): Vault Unsealed";
    await within(soonMs, async () => expect(await told(first)).toEqual(["standby", "critical", expired]));
    await first.report();
    expect(await told(first)).toEqual(["standby", "passing", "Vault Unsealed"]);
  });

  test("answers an update of an unknown check with the error that makes Vault register again", async () => {
    await put(`/v1/agent/service/deregister/${first.serviceId}`);
    expect((await rejectionOf(first.report())).message).toContain("Unexpected response code: 500");
    expect(await first.reconcile()).toBe(true);
    expect(await told(first)).toEqual(["standby", "passing", ""]);
  });
});

describe("the lock of the active Vault", () => {
  let lost: Promise<void>;

  beforeAll(async () => {
    ({ lost } = await first.becomeActive("uuid-of-the-first"));
  });

  test("is held by one Vault, and only that Vault's tag says active", async () => {
    expect(first.isActive).toBe(true);
    expect(await first.reconcile()).toBe(true);
    expect((await told(first))[0]).toBe("active");
    expect(await first.get("core/lock")).toBe("uuid-of-the-first");
    expect(await first.list("core/")).toContain("lock");
  });

  test("passes to the Vault that waits in a blocking query, without a lock delay, when its holder steps down", async () => {
    const waiting = second.becomeActive("uuid-of-the-second");
    await second.reconcile();
    await first.stepDown("uuid-of-the-first");
    await lost;
    ({ lost } = await waiting);
    expect([first.isActive, second.isActive]).toEqual([false, true]);
    await Promise.all([first.reconcile(), second.reconcile()]);
    expect([(await told(first))[0], (await told(second))[0]]).toEqual(["standby", "active"]);
    expect(await second.get("core/lock")).toBe("uuid-of-the-second");
  });

  test("is lost when an operator destroys the session, and the holder's blocking query returns at once", async () => {
    const [{ Session } = { Session: "" }] = (await get("/v1/kv/vault/core/lock")).json as readonly {
      readonly Session: string;
    }[];
    await put(`/v1/session/destroy/${Session}`);
    await lost;
    expect(second.isActive).toBe(false);
    expect(await second.get("core/lock")).toBe("uuid-of-the-second");
  });

  afterAll(async () => {
    await Promise.all([first.deregister(), second.deregister()]);
    await del("/v1/kv/vault/?recurse");
  });
});

test("a standby takes over from a killed Vault after the TTL of its session and the lock delay", async () => {
  const { ask, clock } = await startTestApi();
  const Check = { Name: "Serf Health Status", CheckID: "serfHealth", Status: "passing" };
  await ask("/v1/catalog/register", {
    method: "PUT",
    body: JSON.stringify({ Node: "n1", Address: "192.0.2.1", Check }),
  });
  const direct: Ask = async (method, path, body) => {
    const answer = await ask(path, { method, ...(body !== undefined && { body }) });
    return {
      status: answer.status,
      text: await answer.text(),
      index: Number(answer.headers.get("X-Consul-Index") ?? 0),
    };
  };
  const active = new StandInVault(direct, { host: "a", port: 8200, clock });
  const standby = new StandInVault(direct, { host: "b", port: 8200, clock });
  await active.becomeActive("a");
  const waiting = standby.becomeActive("b");
  for (let minute = 0; minute < 5; minute += 1) await clock.advance(60_000);
  expect([active.isActive, standby.isActive]).toEqual([true, false]);
  active.kill();
  // A session ends at most 30 s after its last renewal, twice its TTL. The lock delay of 15 s follows.
  await clock.advance(30_000);
  expect(await standby.get("core/lock")).toBe("a");
  expect(standby.isActive).toBe(false);
  await clock.advance(21_000);
  await waiting;
  expect(standby.isActive).toBe(true);
  expect(await standby.get("core/lock")).toBe("b");
});
