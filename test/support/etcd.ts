import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { within } from "./within.ts";

/** The reason why no etcd can be started on this machine; undefined if one can. */
export const withoutEtcd: string | undefined =
  Bun.which("etcd") === null || Bun.which("etcdctl") === null
    ? "etcd-server and etcd-client are not installed"
    : undefined;

/** The end of the name of a `describe` whose tests need etcd: the reason why they are skipped, or "". */
export const skippedWithoutEtcd: string = withoutEtcd === undefined ? "" : ` (skipped: ${withoutEtcd})`;

const readyWithinMs = 30_000;

/** Real etcds that form one cluster, with their data in a folder of their own. They listen on unix sockets only. */
export interface EtcdCluster extends AsyncDisposable {
  readonly members: readonly EtcdMember[];
  /** The members' endpoints, in order. */
  readonly endpoints: readonly string[];
  /** Runs etcdctl on the first member that runs; returns its output. @throws Error with etcdctl's errors when it fails */
  control(...words: readonly string[]): Promise<string>;
  /** Returns the status of one member; undefined when it does not answer. */
  statusOf(endpoint: string): Promise<EtcdStatus | undefined>;
}

export interface EtcdStatus {
  /** Whether the member is etcd's leader. */
  readonly isLeader: boolean;
  /** Bytes of the member's database file. */
  readonly bytes: number;
  /** Bytes of those pages of the file that are in use. */
  readonly bytesInUse: number;
  /** The present revision of etcd. */
  readonly revision: number;
}

export interface EtcdMember {
  readonly endpoint: string;
  /** Starts the member with the data that it has, and returns at once. etcd answers when most members run. */
  start(...flags: readonly string[]): void;
  /** Kills the member, and resolves when its process has ended. Does nothing if it does not run. */
  kill(): Promise<void>;
  /** Suspends the process with SIGSTOP, until `resume`. */
  stop(): void;
  resume(): void;
}

/** Starts a cluster of `count` members of etcd, each with `flags`. Resolves when the cluster answers. */
export async function openEtcd(count = 1, ...flags: readonly string[]): Promise<EtcdCluster> {
  const folder = mkdtempSync(join(tmpdir(), "etcd-"));
  const names = Array.from({ length: count }, (_, n) => `e${n + 1}`);
  const cluster = names.map((name) => `${name}=unix://${name}-peer:1`).join(",");
  const members = names.map((name) => new RunningEtcd(folder, name, ["--initial-cluster", cluster, ...flags]));
  for (const member of members) member.start();
  const run = async (endpoint: string, words: readonly string[]): Promise<string> => {
    // etcdctl needs "unix://PATH", while Praetor's endpoints have "unix:PATH".
    const address = ["--endpoints", endpoint.replace("unix:", "unix://")];
    const process = Bun.spawn(["etcdctl", ...address, ...words], { cwd: folder, stdout: "pipe", stderr: "pipe" });
    const [output, errors, code] = await Promise.all([process.stdout.text(), process.stderr.text(), process.exited]);
    if (code !== 0) throw new Error(`etcdctl ${words.join(" ")}: ${errors}`);
    return output;
  };
  const control = (...words: readonly string[]): Promise<string> =>
    run((members.find((member) => member.isRunning) ?? members[0])?.endpoint ?? "", words);
  const end = async (): Promise<void> => {
    await Promise.all(members.map((member) => member.kill()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await within(readyWithinMs, () => control("get", "any"));
  } catch (error) {
    await end();
    throw error;
  }
  return {
    members,
    endpoints: members.map((member) => member.endpoint),
    control,
    async statusOf(endpoint) {
      try {
        return readStatus(await run(endpoint, ["--command-timeout=1s", "endpoint", "status", "--write-out=json"]));
      } catch {
        return undefined;
      }
    },
    [Symbol.asyncDispose]: end,
  };
}

function readStatus(json: string): EtcdStatus | undefined {
  const [{ Status: status }] = JSON.parse(json);
  return {
    isLeader: status.leader === status.header.member_id,
    bytes: status.dbSize,
    bytesInUse: status.dbSizeInUse,
    revision: status.header.revision,
  };
}

class RunningEtcd implements EtcdMember {
  readonly endpoint: string;
  readonly #folder: string;
  readonly #name: string;
  readonly #flags: readonly string[];
  #process: Bun.Subprocess | undefined;

  constructor(folder: string, name: string, flags: readonly string[]) {
    this.endpoint = `unix:${join(folder, `${name}:1`)}`;
    this.#folder = folder;
    this.#name = name;
    this.#flags = flags;
  }

  get isRunning(): boolean {
    return this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  start(...more: readonly string[]): void {
    const [client, peer] = [`${this.#name}:1`, `${this.#name}-peer:1`];
    // etcd 3.4 does not start while the socket file of a killed process exists.
    for (const socket of [client, peer]) rmSync(join(this.#folder, socket), { force: true });
    const words = [
      ...["--name", this.#name, "--data-dir", this.#name],
      ...["--listen-client-urls", `unix://${client}`, "--advertise-client-urls", `unix://${client}`],
      ...["--listen-peer-urls", `unix://${peer}`, "--initial-advertise-peer-urls", `unix://${peer}`],
      ...["--logger", "zap", "--log-level", "error"],
    ];
    const output = { stdin: "ignore", stdout: "ignore", stderr: "ignore" } as const;
    this.#process = Bun.spawn(["etcd", ...words, ...this.#flags, ...more], { cwd: this.#folder, ...output });
  }

  async kill(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.#process?.exited;
  }

  stop(): void {
    this.#process?.kill("SIGSTOP");
  }

  resume(): void {
    this.#process?.kill("SIGCONT");
  }
}
