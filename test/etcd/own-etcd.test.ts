import { afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { skippedWithoutEtcd, withoutEtcd } from "../support/etcd.ts";
import { newTestAuthority, type TestAuthority } from "../support/authority.ts";
import { newCertificate } from "../support/own-certificate.ts";
import { openCable, startServers, TestServer, written } from "../support/own-etcds.ts";
import { promptly } from "../support/promptly.ts";
import { rejectionOf } from "../support/rejection.ts";
import { within } from "../support/within.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { dial, dialEtcd } from "../../src/link/connect.ts";
import type { LinkTls } from "../../src/link/link-tls.ts";
import { findEtcd } from "../../src/cluster/own-etcd/etcd-program.ts";

const key = new Uint8Array(32).fill(7);
const withinMs = 30_000;

/** Resolves when the server's own etcd has the value. */
function has(server: TestServer, name: string, value: string): Promise<void> {
  return within(withinMs, async () => expect(await server.get(name)).toBe(value));
}

/** Whether the process runs. One that has ended may wait for its parent, as a zombie. */
function runs(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}

describe.skipIf(withoutEtcd !== undefined)(`three servers with etcds of their own${skippedWithoutEtcd}`, () => {
  for (const [name, keys] of [
    ["with a cluster key", [key, key, key]],
    ["without a cluster key", []],
  ] as const)
    test(`form one cluster ${name}: what one writes, all have`, async () => {
      await using servers = await startServers(...keys);
      const [first] = servers.all;
      await written(first, "a", "1");
      for (const server of servers.all) await has(server, "a", "1");
      for (const server of servers.all) {
        await within(withinMs, async () =>
          expect(server.health.map(({ state }) => state)).toEqual(["started", "ready"]),
        );
        expect(server.refusals).toEqual([]);
      }
    });

  test("write while one etcd is dead, which is started again and catches up", async () => {
    await using servers = await startServers(key, key, key);
    const [a, b, c] = servers.all;
    await written(a, "a", "1");
    const killed = c.pid;
    process.kill(killed, "SIGKILL");
    await written(b, "b", "2");
    await has(c, "b", "2");
    expect(c.health.filter(({ state }) => state === "ended")).toEqual([
      { state: "ended", reason: "SIGKILL", retryMs: 100 },
    ]);
    expect(c.pid).not.toBe(killed);
    await within(withinMs, async () => expect(c.health.at(-1)?.state).toBe("ready"));
  });

  test("go on when all have new ports, of which they learn while they run", async () => {
    await using servers = await startServers(key, key, key);
    const [a, b, c] = servers.all;
    await written(a, "a", "1");
    const etcds = [a.pid, b.pid];
    await c.stop();
    await c.open();
    c.reach([a, b]);
    c.start(servers.all, servers.program);
    for (const server of [a, b]) server.reach([c]);
    await written(b, "b", "2");
    await has(c, "b", "2");
    expect([a.pid, b.pid]).toEqual(etcds);

    for (const server of servers.all) await server.stop();
    for (const server of servers.all) await server.open();
    for (const server of servers.all) server.reach(servers.all);
    for (const server of servers.all) server.start(servers.all, servers.program);
    await written(c, "c", "3");
    expect(await c.get("a")).toBe("1");
  });

  test("go on without one whose cable is pulled, and it catches up when the cable is back", async () => {
    await using servers = await startServers(key, key, key);
    const [a, b, c] = servers.all;
    using toA = await openCable(a.own.port);
    using toB = await openCable(b.own.port);
    using toC = await openCable(c.own.port);
    const cables = [toA, toB, toC];
    for (const server of [a, b]) server.own.reach(c.id, { host: "127.0.0.1", port: toC.port });
    c.own.reach(a.id, { host: "127.0.0.1", port: toA.port });
    c.own.reach(b.id, { host: "127.0.0.1", port: toB.port });
    await written(c, "a", "1");
    for (const cable of cables) cable.isPulled = true;
    await written(a, "b", "2");
    expect(await c.get("b")).toBeUndefined();
    for (const cable of cables) cable.isPulled = false;
    await has(c, "b", "2");
    await written(c, "c", "3");
  });

  test("elect no other leader while the main threads are busy for longer than raft waits", async () => {
    await using servers = await startServers(key, key, key);
    await written(servers.all[0], "a", "1");
    // etcd logs these even if the old leader is back before the vote, and the term stays.
    const unrest = () =>
      servers.all.flatMap(({ logged }) => logged.filter((line) => /new election|stepped down/.test(line)));
    const look = async () => {
      const terms = await Promise.all(servers.all.map(async (server) => (await server.status()).term));
      return { terms, unrest: unrest().length };
    };
    // A machine that stands still for seconds may elect too. With the tunnels on the main thread, each attempt would.
    await within(withinMs, async () => {
      const before = await look();
      Bun.sleepSync(6_000);
      expect(await look()).toEqual(before);
    });
    expect(unrest().join()).toContain("new election");
  });

  test("refuse one with another cluster key, and both sides say so", async () => {
    await using servers = await startServers(key, key, new Uint8Array(32));
    const [a, b, c] = servers.all;
    await written(a, "a", "1");
    await has(b, "a", "1");
    const reason = "the -encrypt keys of the two agents differ";
    await within(withinMs, async () => {
      expect(a.refusals).toContain(reason);
      expect(c.refusals).toContain(reason);
      expect(c.logged.filter((line) => line.includes("Cannot reach the etcd")).join()).toContain(reason);
    });
    expect(await rejectionOf(c.put("c", "3"))).toBeInstanceOf(Error);
    expect(c.health.map(({ state }) => state)).toEqual(["started"]);
    expect([...a.logged, ...c.logged].join()).not.toContain(Buffer.from(key).toString("base64"));
  });
});

describe.skipIf(withoutEtcd !== undefined)(
  `the server port of a server with an etcd of its own${skippedWithoutEtcd}`,
  () => {
    test("takes links to the main thread, with bodies longer than all buffers", async () => {
      await using servers = await startServers(key, key, key);
      const [a, b] = servers.all;
      const length = 20_000_000;
      a.handler = async ({ head, body }) => {
        const given = body ? await new Response(body).bytes() : new Uint8Array();
        return { head, body: new Blob([given]).stream() };
      };
      const link = await dial({ host: "127.0.0.1", port: a.own.port, key, clock: systemClock, handler: b.handler });
      const bytes = crypto.getRandomValues(new Uint8Array(65_536));
      const sent = new Blob(Array.from({ length: length / bytes.length }, () => bytes));
      const answer = await link.call({ kind: "echo", head: "hello", body: sent.stream() });
      expect(answer.head).toBe("hello");
      expect(Bun.hash(await new Response(answer.body).bytes())).toBe(Bun.hash(await sent.bytes()));
      expect(a.linkedFrom).toEqual(["127.0.0.1"]);
      await a.stop();
      expect(await promptly(link.lost)).toBe("the connection was closed");
    });

    test("takes other certificates without a restart: links and etcd stay, and unusable ones change nothing", async () => {
      await using servers = await startServers(key, key, key);
      const [a, b, c] = servers.all;
      await written(a, "a", "1");
      const etcds = servers.all.map(({ pid }) => pid);
      const authorities = [newTestAuthority(), newTestAuthority()] as const;
      const tlsOf = (authority: TestAuthority): LinkTls => {
        const { cert, key: ownKey } = authority.issue();
        const verified = { verifiesIncoming: true, verifiesOutgoing: true, serverName: undefined, protocol: {} };
        return { own: { certificate: cert, key: ownKey }, authorities: [authority.certificate], ...verified };
      };
      const dialWith = (server: TestServer, tls: LinkTls) =>
        dial({ ...{ host: "127.0.0.1", port: server.own.port, key, tls, clock: systemClock }, handler: b.handler });
      const certificate = newCertificate();
      for (const server of servers.all) await server.own.secure({ key, certificate, tls: tlsOf(authorities[0]) });
      const link = await dialWith(a, tlsOf(authorities[0]));

      const broken = { certificate: "no certificate", key: "no key" };
      const port = a.own.port;
      expect(
        await rejectionOf(a.own.secure({ key, certificate, tls: { ...tlsOf(authorities[1]), own: broken } })),
      ).toMatchObject({ code: "cannot-listen" });
      (await dialWith(a, tlsOf(authorities[0]))).close("");
      for (const server of servers.all) await server.own.secure({ key, certificate, tls: tlsOf(authorities[1]) });
      (await dialWith(a, tlsOf(authorities[1]))).close("");
      expect(await rejectionOf(dialWith(a, tlsOf(authorities[0])))).toMatchObject({ code: "cannot-connect" });
      expect((await link.call({ kind: "echo", head: "x" })).head).toBe("x");
      expect(a.own.port).toBe(port);
      expect(servers.all.map(({ pid }) => pid)).toEqual(etcds);

      // An agent without a certificate gets no further than to one.
      const signing = { authorities: [authorities[0].certificate], isGuarded: false };
      await a.own.secure({ key, certificate, tls: tlsOf(authorities[1]), signing });
      const bare: LinkTls = { ...tlsOf(authorities[1]), own: undefined };
      const target = { host: "127.0.0.1", port: a.own.port, key, tls: bare, clock: systemClock, handler: b.handler };
      expect((await rejectionOf(dial(target))).message).toContain("the agent shows no certificate");
      const asking = await dial({ ...target, isForCertificate: true });
      expect((await asking.call({ kind: "join", head: "x" })).head).toBe("signed");
      (await dialWith(a, { ...tlsOf(authorities[0]), authorities: [authorities[1].certificate] })).close("");

      // The tunnels of raft that are made from now on have the new certificates.
      process.kill(c.pid, "SIGKILL");
      await written(b, "b", "2");
      await has(c, "b", "2");
      expect(servers.all.flatMap(({ failures }) => failures)).toEqual([]);
    });

    test("refuses raft that is for another server, as when two servers have changed addresses", async () => {
      await using servers = await startServers(key, key, key);
      const [a, b] = servers.all;
      const target = { host: "127.0.0.1", port: a.own.port, key, clock: systemClock };
      const error = await rejectionOf(dialEtcd(target, b.id, () => expect.unreachable()));
      expect(error.message).toContain(`this server's node id is ${a.id}, and the connection is for ${b.id}`);
    });

    test("is refused with the runtime's code when another program has it", async () => {
      await using servers = await startServers();
      const taken = servers.all[0].own.port;
      await using other = new TestServer(servers.all[0].folder);
      expect(await rejectionOf(other.open(taken))).toMatchObject({ code: "EADDRINUSE" });
    });
  },
);

describe.skipIf(withoutEtcd !== undefined)(`a server's own etcd${skippedWithoutEtcd}`, () => {
  const folders: string[] = [];
  afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));
  const newFolder = (): string => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "own-etcd-")));
    folders.push(folder);
    return folder;
  };
  const alone = async (server: TestServer): Promise<void> => {
    await server.open();
    server.start([server], await findEtcd());
  };

  test("that a killed server has left is ended at its next start, and the etcds of others are not", async () => {
    const base = newFolder();
    await using server = new TestServer(base);
    await using other = new TestServer(base);
    await alone(other);
    const program = join(import.meta.dir, "../support/own-etcd-program.ts");
    const killed = Bun.spawn([process.execPath, program, server.folder, server.id], { stdout: "pipe" });
    const { value } = await killed.stdout.getReader().read();
    const orphan = Number(new TextDecoder().decode(value));
    killed.kill("SIGKILL");
    await killed.exited;
    expect(runs(orphan)).toBe(true);
    await alone(server);
    await within(withinMs, async () => expect(server.health.map(({ state }) => state)).toEqual(["started", "ready"]));
    expect(runs(orphan)).toBe(false);
    expect(server.logged.join()).toContain(`had left: pid=${orphan}`);
    await written(server, "a", "1");
    await written(other, "b", "2");
    expect(other.health.filter(({ state }) => state === "ended")).toEqual([]);
  });

  test("ends with the server, even if it is stopped", async () => {
    await using server = new TestServer(newFolder());
    await alone(server);
    await written(server, "a", "1");
    process.kill(server.pid, "SIGSTOP");
    await promptly(server.stop());
    expect(runs(server.pid)).toBe(false);
    expect(server.failures).toEqual([]);
  });

  test("ends when the server's thread fails, which the server learns", async () => {
    await using server = new TestServer(newFolder());
    await alone(server);
    await written(server, "a", "1");
    server.own.reach("no/node-id", { host: "127.0.0.1", port: 1 });
    await within(withinMs, async () => expect(server.failures).toHaveLength(1));
    expect(server.failures[0]).toContain("a node id is a part of a file's name");
    await within(withinMs, async () => expect(runs(server.pid)).toBe(false));
    await promptly(server.stop());
  });

  test("works in a folder whose path is longer than that of a socket may be", async () => {
    const base = join(newFolder(), "a-long-name-of-a-folder-".repeat(6));
    mkdirSync(base);
    await using server = new TestServer(base);
    await alone(server);
    await written(server, "a", "1");
  });

  test("that cannot run is started again after longer and longer pauses, with the reason", async () => {
    const base = newFolder();
    const path = join(base, "broken");
    writeFileSync(path, "#!/bin/sh\necho 'cannot open the data: no such luck' >&2\nexit 3\n", { mode: 0o755 });
    await using server = new TestServer(base);
    await server.open();
    server.start([server], { path, version: [3, 4, 23] });
    const ended = () => server.health.flatMap((health) => (health.state === "ended" ? [health] : []));
    await within(withinMs, async () => expect(ended().length).toBeGreaterThan(2));
    expect(ended().slice(0, 3)).toEqual([
      { state: "ended", reason: "exit code 3: cannot open the data: no such luck", retryMs: 100 },
      { state: "ended", reason: "exit code 3: cannot open the data: no such luck", retryMs: 200 },
      { state: "ended", reason: "exit code 3: cannot open the data: no such luck", retryMs: 400 },
    ]);
    await promptly(server.stop());
  });
});
