import { describe, expect, onTestFinished, test } from "bun:test";
import { rmSync } from "node:fs";
import { Cluster } from "../support/cluster/cluster.ts";
import type { ClusterAgent } from "../support/cluster/cluster-agent.ts";
import { cannotMakeNetwork } from "../support/cluster/network.ts";
import { programOf } from "../support/target.ts";
import { within } from "../support/within.ts";

const program = programOf(process.env["CONFORMANCE_TARGET"] ?? "praetor");
const skipped = cannotMakeNetwork === undefined ? "" : ` (skipped: ${cannotMakeNetwork})`;
const soonMs = 60_000;

interface Ran {
  readonly code: number;
  readonly output: string;
}

/** Runs `praetor operator recover` on the data folder of a server, on its machine. */
async function recover(server: ClusterAgent, ...words: readonly string[]): Promise<Ran> {
  const command = [...program, "operator", "recover", "-data-dir", server.folder, ...words];
  const run = Bun.spawn([...server.machine.command(...command)], { stdout: "pipe", stderr: "pipe", stdin: "ignore" });
  const [out, err, code] = await Promise.all([run.stdout.text(), run.stderr.text(), run.exited]);
  return { code, output: out + err };
}

async function put(server: ClusterAgent, path: string, body: unknown): Promise<string> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const answer = await server.ask("PUT", path, { body: text });
  expect([path, answer.status]).toEqual([path, 200]);
  return answer.text;
}

async function expectVoters(asked: readonly ClusterAgent[], voters: readonly ClusterAgent[]): Promise<void> {
  for (const server of asked)
    await within(soonMs, async () => {
      const { Servers } = await server.json<{ Servers: readonly { Address: string; Voter: boolean }[] }>(
        "/v1/operator/raft/configuration",
      );
      const addresses = Servers.filter(({ Voter }) => Voter).map(({ Address }) => Address.split(":")[0] ?? "");
      expect(addresses.toSorted()).toEqual(voters.map(({ machine }) => machine.address).toSorted());
    });
}

async function statusOf(name: string, asked: ClusterAgent): Promise<string | undefined> {
  const members = await asked.json<readonly { Name: string; Status: number }[]>("/v1/agent/members");
  return ["none", "alive", "leaving", "left", "failed"][members.find(({ Name }) => Name === name)?.Status ?? 0];
}

describe.skipIf(skipped !== "")(`a cluster that has lost two of its three servers${skipped}`, () => {
  test("goes on as a cluster of one that has all acknowledged writes, takes two new servers in, and refuses the lost ones", async () => {
    const cluster = await Cluster.start({ program, spareMachines: 2 });
    onTestFinished(() => cluster[Symbol.asyncDispose]());
    await cluster.whole();
    const leader = await cluster.leader();
    const [survivor, other] = (await cluster.followers()) as readonly [ClusterAgent, ClusterAgent];
    const lost = [leader, other];
    const { ID } = JSON.parse(await put(leader, "/v1/session/create", { Name: "keeps", Node: survivor.name })) as {
      ID: string;
    };
    expect(await put(leader, `/v1/kv/lock?acquire=${ID}`, "held")).toBe("true");
    await put(leader, "/v1/catalog/register", { Node: "far", Address: "192.0.2.7", Service: { Service: "meter" } });
    for (let number = 1; number <= 50; number++) await put(leader, "/v1/kv/counter", String(number));
    const before = await leader.ask("GET", "/v1/kv/?recurse");

    const running = await recover(survivor, "-yes");
    expect(running).toMatchObject({ code: 1, output: expect.stringMatching(/praetor\.db is in use by/) });
    await Promise.all(cluster.servers.map((server) => server.kill()));
    await other.start();
    await within(soonMs, async () => {
      const { code, output } = await recover(survivor);
      expect([code, output]).toEqual([1, expect.stringContaining(`the address of the server ${other.name}`)]);
    });
    await other.kill();

    const shown = await recover(survivor);
    expect([shown.code, shown.output]).toEqual([1, expect.stringContaining("Nothing was changed")]);
    for (const { name, machine } of lost) expect(shown.output).toContain(`${name} at ${machine.address}:8300`);
    const done = await recover(survivor, "-yes");
    expect([done.code, done.output]).toEqual([0, expect.stringContaining("Recovered.")]);
    expect(Number(/up to index (\d+)/.exec(done.output)?.[1])).toBeGreaterThanOrEqual(before.index);
    expect((await recover(survivor, "-yes")).output).toContain("was recovered already");

    await survivor.start();
    await expectVoters([survivor], [survivor]);
    const after = await survivor.ask("GET", "/v1/kv/?recurse");
    expect(JSON.parse(after.text)).toEqual(JSON.parse(before.text));
    expect(after.index).toBeGreaterThan(before.index);
    expect(await survivor.json<readonly unknown[]>("/v1/session/list")).toMatchObject([{ ID }]);
    expect(await survivor.json<readonly unknown[]>("/v1/catalog/service/meter")).toMatchObject([{ Node: "far" }]);
    await put(survivor, "/v1/kv/alone", "x");
    for (const { name } of lost)
      await within(soonMs, async () => expect(await statusOf(name, survivor)).toBe("failed"));

    const added = [cluster.agentOn(4, true), cluster.agentOn(5, true)] as const;
    const three = [survivor, ...added];
    const joins = three.map(({ machine }) => `-retry-join=${machine.address}`);
    for (const server of added) await server.start(...joins);
    await expectVoters(three, three);
    for (const server of three) {
      const { text, index } = await server.ask("GET", "/v1/kv/counter?raw");
      expect(text).toBe("50");
      expect(index).toBeGreaterThan(before.index);
    }

    // Both lost servers come back: they are a majority of the old cluster.
    await Promise.all(lost.map((server) => server.start()));
    for (const server of lost) {
      await within(soonMs, async () => expect(server.isRunning).toBe(false));
      expect(await server.log()).toContain("given up by praetor operator recover");
      await server.start();
      await within(soonMs, async () => expect(server.isRunning).toBe(false));
      expect(await server.log()).toMatch(/==> the data in the folder .* are those of a cluster that was given up/);
    }
    await expectVoters(three, three);
    for (const { name } of lost) expect(await statusOf(name, survivor)).toBe("failed");

    rmSync(other.folder, { recursive: true });
    await other.start(...joins);
    await expectVoters([survivor, other], [...three, other]);
    await within(soonMs, async () => expect((await other.ask("GET", "/v1/kv/alone?raw")).text).toBe("x"));
  });
});
