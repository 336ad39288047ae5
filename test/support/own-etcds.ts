import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EtcdHealth } from "../../src/cluster/own-etcd/etcd-child.ts";
import { type EtcdProgram, findEtcd } from "../../src/cluster/own-etcd/etcd-program.ts";
import { openOwnEtcd, type OwnEtcd } from "../../src/cluster/own-etcd/own-etcd.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import type { ClusterKey } from "../../src/link/greeting.ts";
import type { Handler } from "../../src/link/link.ts";
import { newCertificate } from "./own-certificate.ts";
import { within } from "./within.ts";

const certificate = newCertificate();

/** Makes etcd's election time 2.5 s, so that a slow machine elects without need less often. */
const raftMultiplier = 5;
const readyWithinMs = 30_000;

/** The answer of a member about itself. */
export interface MemberStatus {
  readonly term: number;
  readonly hasLeader: boolean;
}

/** A server's port and its etcd, in a folder of its own. */
export class TestServer implements AsyncDisposable {
  readonly id: string = crypto.randomUUID();
  readonly folder: string;
  readonly key: ClusterKey | undefined;
  readonly health: EtcdHealth[] = [];
  readonly logged: string[] = [];
  readonly refusals: string[] = [];
  /** The addresses from which links have come. */
  readonly linkedFrom: string[] = [];
  readonly failures: string[] = [];
  handler: Handler = async ({ head }) => ({ head });
  signer: (from: string) => Handler = () => async () => ({ head: "signed" });
  #own: OwnEtcd | undefined;

  constructor(base: string, key?: ClusterKey) {
    this.folder = join(base, this.id);
    this.key = key;
  }

  get own(): OwnEtcd {
    if (!this.#own) throw new Error("the server does not run");
    return this.#own;
  }

  /** The process id of the newest etcd. */
  get pid(): number {
    const pids = this.health.flatMap((health) => (health.state === "started" ? [health.pid] : []));
    return pids.at(-1) ?? 0;
  }

  /** Listens on the port, by default a free one. */
  async open(port = 0): Promise<void> {
    const { folder, id, key } = this;
    this.#own = await openOwnEtcd({
      ...{ folder, id, address: "127.0.0.1", port, security: key && { key, certificate } },
      handler: (call, link) => this.handler(call, link),
      signer: (from) => this.signer(from),
      clock: systemClock,
      log: createLog(
        { level: "trace", json: false, clock: systemClock, sink: (line) => void this.logged.push(line) },
        "server",
      ),
      onLink: (_link, from) => this.linkedFrom.push(from),
      onRefused: (_from, reason) => this.refusals.push(reason),
      onHealth: (health) => this.health.push(health),
      onFailure: (reason) => this.failures.push(reason),
    });
  }

  start(members: readonly TestServer[], program: EtcdProgram): void {
    this.own.start(program, {
      members: members.map(({ id }) => id),
      token: "trial",
      state: "new",
      raftMultiplier,
    });
  }

  /** Tells this server where the others are. */
  reach(others: readonly TestServer[]): void {
    for (const { id, own } of others) if (id !== this.id) this.own.reach(id, { host: "127.0.0.1", port: own.port });
  }

  async stop(): Promise<void> {
    await this.#own?.stop();
    this.#own = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Writes a key through this server's etcd; rejects when it is not written. */
  async put(key: string, value: string): Promise<void> {
    await this.#ask("kv/put", { key: btoa(key), value: btoa(value) });
  }

  /** Returns the value that this server's etcd itself has, without a question to the other members. */
  async get(key: string): Promise<string | undefined> {
    const { kvs } = await this.#ask<{ kvs?: { value: string }[] }>("kv/range", { key: btoa(key), serializable: true });
    return kvs?.[0] && atob(kvs[0].value);
  }

  async status(): Promise<MemberStatus> {
    const { raftTerm, leader } = await this.#ask<{ raftTerm: string; leader?: string }>("maintenance/status", {});
    return { term: Number(raftTerm), hasLeader: leader !== undefined };
  }

  /** Asks etcd by a new connection, as etcd answers those late that are made before it serves. */
  async #ask<Result>(path: string, body: object): Promise<Result> {
    const answer = await fetch(`http://etcd/v3/${path}`, {
      unix: this.own.endpoint.replace("unix:", ""),
      method: "POST",
      body: JSON.stringify(body),
      headers: { connection: "close" },
      signal: AbortSignal.timeout(2_000),
    });
    if (!answer.ok) throw new Error(await answer.text());
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- etcd's answer
    return (await answer.json()) as Result;
  }
}

/** The way to a port, on which a test can lose all bytes without closing a connection, as when a cable is pulled. */
export interface Cable extends Disposable {
  readonly port: number;
  isPulled: boolean;
}

export async function openCable(to: number): Promise<Cable> {
  const sockets = new Set<Socket>();
  const copy = (from: Socket, other: Socket): void => {
    sockets.add(from.setNoDelay(true));
    from.on("data", (bytes) => {
      if (!cable.isPulled) other.write(bytes);
    });
    from.on("error", () => {});
    from.on("close", () => {
      sockets.delete(from);
      if (!cable.isPulled) other.destroy();
    });
  };
  const server = createServer((near) => {
    const far = connect(to, "127.0.0.1");
    copy(near, far);
    copy(far, near);
  });
  const cable: Cable = {
    port: 0,
    isPulled: false,
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return Object.assign(cable, { port: typeof address === "object" ? address?.port : 0 });
}

/** Servers whose etcds are members of one cluster. */
export interface TestServers extends AsyncDisposable {
  readonly all: readonly [TestServer, TestServer, TestServer];
  readonly program: EtcdProgram;
}

/** Opens three servers that know each other's ports, and starts their etcds. @param keys of each server; none by default */
export async function startServers(...keys: readonly ClusterKey[]): Promise<TestServers> {
  const base = mkdtempSync(join(tmpdir(), "own-etcd-"));
  const [a, b, c] = [0, 1, 2].map((at) => new TestServer(base, keys[at]));
  if (!a || !b || !c) throw new Error("three servers");
  const all = [a, b, c] as const;
  const program = await findEtcd();
  for (const server of all) await server.open();
  for (const server of all) server.reach(all);
  for (const server of all) server.start(all, program);
  return {
    all,
    program,
    async [Symbol.asyncDispose]() {
      await Promise.all(all.map((server) => server.stop()));
      rmSync(base, { recursive: true, force: true });
    },
  };
}

/** Retries the write until it is done. */
export function written(server: TestServer, key: string, value: string): Promise<void> {
  return within(readyWithinMs, () => server.put(key, value));
}
