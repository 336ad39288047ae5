import { type Formation, openFormation } from "../../../src/cluster/formation/formation.ts";
import type { ServerLinks } from "../../../src/cluster/formation/server-links.ts";
import type { ServerAddress } from "../../../src/cluster/join-call.ts";
import type { Clock } from "../../../src/lib/clock.ts";
import type { Log } from "../../../src/lib/log.ts";
import type { Random } from "../../../src/lib/random.ts";
import type { LocalRow } from "../../../src/registry/local-rows.ts";
import { ProcessClock } from "../simulation/process-clock.ts";
import type { EtcdDisk } from "./etcd-cluster.ts";
import { type EtcdWorld, SimulatedEtcd } from "./simulated-etcd.ts";

/** The surroundings of a server. */
interface ServerWorld extends EtcdWorld {
  readonly random: Random;
  readonly history: string[];
  chance(trouble: "answer of etcd lost" | "crash"): boolean;
  logOf(server: SimulatedServer): Log;
  /** Resolves after a short while of the process. */
  pause(clock: Clock): Promise<void>;
  linkedTo(server: SimulatedServer): readonly SimulatedServer[];
  linksChanged(): void;
  carry(from: SimulatedServer, id: string, head: unknown): Promise<unknown>;
  answered(server: SimulatedServer, head: unknown, answer: unknown): unknown;
  saved(server: SimulatedServer): void;
  checkPromises(server: SimulatedServer): void;
}

/** The files of a server, which outlive its processes. */
interface ServerDisk {
  rows: Map<string, Uint8Array>;
  etcd: EtcdDisk;
}

/** The row of a server's formation, as far as the simulation reads it. */
interface SavedRow {
  readonly promised?: { readonly attempt: string };
  readonly membership?: { readonly attempt?: string; readonly token: string };
}

interface Process {
  readonly clock: ProcessClock;
  readonly etcd: SimulatedEtcd;
  readonly listeners: (() => void)[];
  formation: Formation | undefined;
}

const never = new Promise<never>(() => {});
/** Milliseconds that a fault keeps a row from the disk. */
const lateMs = 1_000;

/** A server of the simulation: it runs the formation of the product on a disk, an etcd and links that are simulated. */
export class SimulatedServer {
  readonly id: string;
  readonly #world: ServerWorld;
  readonly #expect: number;
  readonly disk: ServerDisk = { rows: new Map(), etcd: { data: "none", token: "", raftId: "" } };
  #port = 1;
  /** Counts the processes. A link is between two processes, and ends with each of them. */
  #starts = 0;
  #process: Process | undefined;

  constructor(world: ServerWorld, id: string, expect: number) {
    this.#world = world;
    this.id = id;
    this.#expect = expect;
  }

  get address(): ServerAddress {
    return { id: this.id, name: this.id, address: "192.0.2.1", port: this.#port };
  }

  get starts(): number {
    return this.#starts;
  }

  get isUp(): boolean {
    return this.#process !== undefined;
  }

  get etcd(): SimulatedEtcd | undefined {
    return this.#process?.etcd;
  }

  get formation(): Formation | undefined {
    return this.#process?.formation;
  }

  get saved(): SavedRow {
    const row = this.disk.rows.get("cluster/formation");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the formation has written the row
    return row ? (JSON.parse(new TextDecoder().decode(row)) as SavedRow) : {};
  }

  /** Whether this is the etcd of the process that runs now. */
  runs(etcd: SimulatedEtcd): boolean {
    return this.#process?.etcd === etcd;
  }

  start(): void {
    if (this.#process) return;
    this.#starts += 1;
    const clock = new ProcessClock(this.#world.clock);
    const etcd = new SimulatedEtcd(this.#world, this, (health) => {
      if (this.runs(etcd)) this.#process?.formation?.health(health);
    });
    const process: Process = { clock, etcd, listeners: [], formation: undefined };
    this.#process = process;
    const { random } = this.#world;
    this.#world.history.push(
      `${Math.round(this.#world.clock.monotonicMs())} START ${this.id} ${JSON.stringify(this.saved)}`,
    );
    const rows = [...this.disk.rows].map(([key, value]) => ({ key, value }));
    void openFormation({
      own: this.address,
      ...{
        expect: this.#expect,
        hasLoneData: false,
        raftMultiplier: 1,
        etcd,
        members: etcd,
        clock,
        random,
        log: this.#world.logOf(this),
      },
      program: { path: "etcd", version: [3, 4, 23] },
      links: this.#linksOf(process),
      local: rows,
      localRows: { save: (changed) => this.#save(changed) },
    }).then((formation) => {
      process.formation = formation;
    });
    this.#world.linksChanged();
  }

  /** Ends the process as SIGKILL does. */
  crash(): void {
    if (!this.#process) return;
    this.#process.clock.end();
    this.#process = undefined;
    this.#world.checkPromises(this);
    this.#world.linksChanged();
  }

  move(): void {
    this.#port += 1;
  }

  /** Deletes the data of etcd; with `rows`, all of the server's data. */
  wipe({ rows }: { readonly rows: boolean }): void {
    this.disk.etcd = { data: "none", token: "", raftId: "" };
    if (rows) this.disk.rows.clear();
  }

  linksChanged(): void {
    for (const listener of this.#process?.listeners ?? []) listener();
  }

  /** A point at which the process can be killed. Code of a killed process never goes on. */
  async point(): Promise<void> {
    const process = this.#process;
    if (this.#world.chance("crash")) this.crash();
    if (process) await this.#world.pause(process.clock);
    if (process === undefined || process !== this.#process) await never;
  }

  /** Takes a call of another server, and returns the answer. */
  async receive(head: unknown, from: SimulatedServer): Promise<unknown> {
    const process = this.#process;
    if (!process?.formation) throw new Error("the link was lost");
    const answer = await process.formation.answer(head, from.address);
    await this.point();
    if (this.#process !== process) throw new Error("the link was lost");
    return this.#world.answered(this, head, answer);
  }

  #linksOf(process: Process): ServerLinks {
    const linked = (): readonly ServerAddress[] => this.#world.linkedTo(this).map(({ address }) => address);
    return {
      get linked() {
        return linked();
      },
      onChange: (listener) => void process.listeners.push(listener),
      call: (id, { head }, signal) => this.#call(process, id, head, signal),
    };
  }

  async #call(process: Process, id: string, head: unknown, signal?: AbortSignal): Promise<{ head: unknown }> {
    try {
      return { head: await this.#world.carry(this, id, head) };
    } finally {
      if (this.#process !== process) await never;
      signal?.throwIfAborted();
    }
  }

  async #save(rows: readonly LocalRow[]): Promise<void> {
    const write = (): void => {
      for (const { key, value } of rows) if (value) this.disk.rows.set(key, value);
      this.#world.saved(this);
    };
    await this.point();
    if (this.#world.fault === "a promise is answered before it is saved") {
      this.#process?.clock.schedule(lateMs, write);
      return;
    }
    write();
    await this.point();
  }
}
