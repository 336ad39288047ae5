import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Clock, sleep } from "../../lib/clock.ts";
import { messageOf, OperatingError } from "../../lib/errors.ts";
import { httpFetch } from "../../lib/http-fetch.ts";
import { isRecord } from "../../lib/is-record.ts";
import { knowsLeader } from "./etcd-child.ts";
import { clientSocket, dataFolder, etcdFlags, type EtcdSettings, peerSocket } from "./etcd-flags.ts";
import { EtcdLog } from "./etcd-log.ts";
import type { EtcdProgram } from "./etcd-program.ts";
import { endOrphan } from "./orphan.ts";

export interface SurvivorOptions {
  readonly program: EtcdProgram;
  /** The folder of the server's etcd, which does not run. */
  readonly folder: string;
  /** The node id of the server, and those of the other servers that it knows. */
  readonly id: string;
  readonly others: readonly string[];
  readonly clock: Clock;
}

/** The folder in etcd's folder that has the copy. */
const copyFolder = "recovery";
const logFile = "etcd.log";
const lookMs = 100;
/** Milliseconds in which the copy must answer; it takes 1 to 2 s. */
const readyMsMax = 60_000;

/**
 * Reads the data of an etcd most of whose other members are lost, without changing them: starts etcd on a copy, and calls `read` with
 * the endpoint of it and the node ids of all voters. The copy has the whole log of the member, also its end, of which the member does
 * not know whether most members had it.
 *
 * etcd's own --force-new-cluster drops that end. After a power cut it has the last acknowledged write: the leader tells the others
 * that an entry is confirmed after it has answered, and they sync this note with the next entry only. So the copy gets
 * a majority instead: members without data in the place of lost ones, which vote for the only member that has a log. A new
 * leader's log counts as a whole.
 * @throws OperatingError unavailable "recovery-failed"; any error of `read`
 */
export async function readSurvivor<Result>(
  options: SurvivorOptions,
  read: (endpoint: string, voters: readonly string[]) => Promise<Result>,
): Promise<Result> {
  const { program, folder, id, others, clock } = options;
  const copy = join(folder, copyFolder);
  await endOrphan({ program: program.path, folder, id }, clock);
  // An earlier call may have been killed.
  for (const each of [id, ...others]) await endOrphan({ program: program.path, folder: copy, id: each }, clock);
  const survivor = new Survivor(options, copy);
  try {
    copyData(folder, copy);
    const voters = await survivor.start();
    return await read(`unix:${join(copy, clientSocket)}`, voters);
  } finally {
    await survivor.stop();
    rmSync(copy, { recursive: true, force: true });
  }
}

function copyData(folder: string, copy: string): void {
  try {
    rmSync(copy, { recursive: true, force: true });
    mkdirSync(copy, { mode: 0o700 });
    cpSync(join(folder, dataFolder), join(copy, dataFolder), { recursive: true });
  } catch (error) {
    throw recoveryFailed(`cannot copy the data of etcd to ${copy}: ${messageOf(error)}`);
  }
}

type Process = Bun.Subprocess<"ignore", "ignore", Bun.BunFile>;

/** The etcd on the copy, and its members without data. */
class Survivor {
  readonly #options: SurvivorOptions;
  readonly #copy: string;
  readonly #running: Process[] = [];
  #helpers: readonly Process[] = [];

  constructor(options: SurvivorOptions, copy: string) {
    this.#options = options;
    this.#copy = copy;
  }

  /** Resolves with the voters when etcd answers as the leader. */
  async start(): Promise<readonly string[]> {
    const { clock, id } = this.#options;
    const own = this.#spawn({ id, members: [id], state: "new" }, []);
    const endMs = clock.monotonicMs() + readyMsMax;
    let known = "";
    while (!(await knowsLeader(this.#copy, clock))) {
      if (own.exitCode !== null || own.signalCode !== null) throw recoveryFailed(`etcd has ended: ${this.#reason()}`);
      if (clock.monotonicMs() > endMs) throw recoveryFailed(`etcd does not answer within ${readyMsMax / 1_000} s`);
      // While etcd reads its log, it names some of the members only. A helper that was told too few ends.
      const members = await this.#members();
      const isLacking = this.#helpers.some(({ exitCode }) => exitCode !== null);
      if (members.includes(id) && (isLacking || members.join(" ") !== known)) {
        known = members.join(" ");
        await this.#help(members);
      }
      await sleep(clock, lookMs);
    }
    return this.#members();
  }

  async stop(): Promise<void> {
    for (const each of this.#running) each.kill("SIGKILL");
    await Promise.all(this.#running.map((each) => each.exited));
  }

  /** Starts as many members without data as the survivor needs for a majority. */
  async #help(members: readonly string[]): Promise<void> {
    for (const helper of this.#helpers) helper.kill("SIGKILL");
    await Promise.all(this.#helpers.map((helper) => helper.exited));
    const lost = members.filter((member) => member !== this.#options.id).slice(0, Math.floor(members.length / 2));
    this.#helpers = lost.map((id, at) => {
      const [data, client] = [`helper-${at}`, `unix://helper-${at}:1`];
      for (const name of [data, `${data}:1`, peerSocket(id)])
        rmSync(join(this.#copy, name), { recursive: true, force: true });
      const own = [`--data-dir=${data}`, `--listen-client-urls=${client}`, `--advertise-client-urls=${client}`];
      return this.#spawn({ id, members, state: "existing" }, own);
    });
  }

  #spawn(settings: Pick<EtcdSettings, "id" | "members" | "state">, more: readonly string[]): Process {
    const { program, id } = this.#options;
    const log = settings.id === id ? logFile : `${settings.id}.log`;
    const flags = etcdFlags({ ...settings, token: "recovery", raftMultiplier: 1 }, program.version);
    const child = Bun.spawn([program.path, ...flags, ...more], {
      cwd: this.#copy,
      env: { PATH: process.env["PATH"] },
      stdio: ["ignore", "ignore", Bun.file(join(this.#copy, log))],
    });
    this.#running.push(child);
    return child;
  }

  /** Returns the names of the voters, which etcd tells without a majority; none while it does not answer. */
  async #members(): Promise<readonly string[]> {
    try {
      const url = new URL("http://etcd/members");
      const socket = join(this.#copy, peerSocket(this.#options.id));
      const answer = await httpFetch(url, { unix: socket, headers: { connection: "close" } });
      const members: unknown = await answer.json();
      if (!Array.isArray(members)) return [];
      return members.flatMap((member) => (isRecord(member) && !member["isLearner"] ? [String(member["name"])] : []));
    } catch {
      return [];
    }
  }

  #reason(): string {
    const none = (): void => {};
    const log = new EtcdLog({ debug: none, info: none, warn: none, error: none }, this.#options.clock);
    for (const line of readFileSync(join(this.#copy, logFile), "utf8").split("\n")) log.add(line);
    return log.takeReason() ?? "its log does not say why";
  }
}

function recoveryFailed(reason: string): OperatingError {
  return new OperatingError("unavailable", "recovery-failed", `cannot recover: ${reason}. Nothing was changed`);
}
