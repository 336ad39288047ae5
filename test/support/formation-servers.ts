import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Formation, openFormation } from "../../src/cluster/formation/formation.ts";
import type { ServerAddress } from "../../src/cluster/join-call.ts";
import type { EtcdHealth } from "../../src/cluster/own-etcd/etcd-child.ts";
import { type EtcdProgram, findEtcd } from "../../src/cluster/own-etcd/etcd-program.ts";
import { openOwnEtcd, type OwnEtcd } from "../../src/cluster/own-etcd/own-etcd.ts";
import { EtcdClient } from "../../src/engine/etcd/etcd-client.ts";
import { EtcdMembership } from "../../src/engine/etcd/etcd-membership.ts";
import { put } from "../../src/engine/etcd/transaction.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import { systemRandom } from "../../src/lib/random.ts";
import type { LocalRow } from "../../src/registry/local-rows.ts";
import { freePorts } from "./free-ports.ts";
import { TestLinks } from "./test-links.ts";
import { within } from "./within.ts";

/** Makes etcd's election time 1 s. */
const raftMultiplier = 2;
const deadlineMs = 5_000;
const withinMs = 60_000;

export interface StartOptions {
  readonly expect?: number;
  readonly hasLoneData?: boolean;
  /** The ports to dial, as of -retry-join. */
  readonly join: readonly number[];
  readonly raftMultiplier?: number;
}

interface Running {
  readonly etcd: OwnEtcd;
  readonly client: EtcdClient;
  readonly links: TestLinks;
  readonly formation: Formation;
}

/** A server that has an etcd of its own, with what it keeps over its restarts. */
export class FormationServer implements AsyncDisposable {
  readonly id: string;
  readonly name: string;
  readonly folder: string;
  readonly program: EtcdProgram;
  port: number;
  readonly health: EtcdHealth[] = [];
  readonly logged: string[] = [];
  /** The local rows by key. */
  readonly #rows = new Map<string, Uint8Array>();
  #running: Running | undefined;

  constructor(base: string, { port, name, program }: { port: number; name: string; program: EtcdProgram }) {
    this.id = crypto.randomUUID();
    this.name = name;
    this.folder = join(base, name, "etcd");
    this.port = port;
    this.program = program;
  }

  get running(): Running {
    if (!this.#running) throw new Error(`${this.name} does not run`);
    return this.#running;
  }

  get formation(): Formation {
    return this.running.formation;
  }

  /** The process id of the newest etcd. */
  get pid(): number {
    const pids = this.health.flatMap((health) => (health.state === "started" ? [health.pid] : []));
    return pids.at(-1) ?? 0;
  }

  get hasDataAside(): boolean {
    return existsSync(join(this.folder, "data-aside"));
  }

  async start({
    expect = 3,
    hasLoneData = false,
    join: ports,
    raftMultiplier: multiplier,
  }: StartOptions): Promise<void> {
    const own = (): ServerAddress => ({ id: this.id, name: this.name, address: "127.0.0.1", port: this.port });
    const log = createLog(
      { level: "debug", json: false, clock: systemClock, sink: (line) => void this.logged.push(line) },
      this.name,
    );
    const known = (): readonly number[] => this.#running?.formation.known.map(({ port }) => port) ?? [];
    const links = new TestLinks(
      own,
      () => [...ports, ...known()],
      async (head, from) => this.formation.answer(head, from),
    );
    const etcd = await openOwnEtcd({
      ...{ folder: this.folder, id: this.id, address: "127.0.0.1", port: this.port, security: undefined },
      handler: links.handler,
      clock: systemClock,
      log,
      onLink() {},
      onRefused() {},
      onHealth: (health) => {
        this.health.push(health);
        this.#running?.formation.health(health);
      },
      onFailure: (reason) => this.logged.push(`failure: ${reason}`),
    });
    const client = new EtcdClient({ endpoints: [etcd.endpoint] }, { clock: systemClock, log });
    const formation = await openFormation({
      ...{ own: own(), expect, hasLoneData, links, etcd, program: this.program, clock: systemClock, log },
      raftMultiplier: multiplier ?? raftMultiplier,
      members: new EtcdMembership(client),
      random: systemRandom,
      local: [...this.#rows].map(([key, value]) => ({ key, value })),
      localRows: {
        save: async (rows: readonly LocalRow[]) => {
          for (const { key, value } of rows) if (value) this.#rows.set(key, value);
        },
      },
    });
    this.#running = { etcd, client, links, formation };
    links.start();
  }

  /** Ends the server; it stays a member. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    await running.formation.stop();
    running.links.stop();
    running.client.close();
    await running.etcd.stop();
    this.#running = undefined;
  }

  /** Deletes the data of etcd; with `rows`, also what else the server keeps. */
  wipe({ rows }: { readonly rows: boolean }): void {
    rmSync(this.folder, { recursive: true, force: true });
    if (rows) this.#rows.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Writes a key through this server's etcd; retries until it is written. */
  put(key: string, value: string): Promise<void> {
    return within(withinMs, async () => {
      await this.running.client.txn({ success: [put(bytes(key), value)] }, deadlineMs);
    });
  }

  /** Returns the value of a key, as the cluster has it. */
  get(key: string): Promise<string | undefined> {
    return within(withinMs, async () => {
      const { kvs } = await this.running.client.range({ key: bytes(key) }, deadlineMs);
      return kvs[0] && new TextDecoder().decode(kvs[0].value);
    });
  }
}

/** Servers that share a folder, with a port for each. */
export interface FormationServers extends AsyncDisposable {
  readonly all: readonly FormationServer[];
  /** The ports of the first three. */
  readonly join: readonly number[];
}

export async function openServers(count: number): Promise<FormationServers> {
  const base = mkdtempSync(join(tmpdir(), "formation-"));
  const program = await findEtcd();
  const ports = await freePorts(count);
  const all = ports.map((port, at) => new FormationServer(base, { port, name: `n${at + 1}`, program }));
  return {
    all,
    join: ports.slice(0, 3),
    async [Symbol.asyncDispose]() {
      await Promise.all(all.map((server) => server.stop()));
      rmSync(base, { recursive: true, force: true });
    },
  };
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
