import { type DescMessage, type MessageInitShape, create, toBinary } from "@bufbuild/protobuf";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { frameOf } from "../../src/engine/etcd/grpc-frame.ts";
import { repository } from "./binaries.ts";
import { freePorts } from "./free-ports.ts";
import { until } from "./until.ts";

/** A call of etcd's API, which is one message by gRPC. */
export interface EtcdCall<Input extends DescMessage> {
  /** The call's path: "/etcdserverpb.KV/Put". */
  readonly path: string;
  readonly schema: Input;
  readonly message: MessageInitShape<Input>;
}

/** One member of etcd, with its data on the disk on which the agents have theirs. */
export class BenchEtcd implements AsyncDisposable {
  readonly port: number;
  readonly #folder: string;
  readonly #process: Bun.Subprocess;

  private constructor(folder: string, { port, process }: { readonly port: number; readonly process: Bun.Subprocess }) {
    this.#folder = folder;
    this.port = port;
    this.#process = process;
  }

  static async start(): Promise<BenchEtcd> {
    const folder = join(repository, "dist/bench/etcd");
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const { client, peer } = freePorts("client", "peer");
    const [clients, peers] = [client, peer].map((port) => `http://127.0.0.1:${port}`);
    const words = [
      ...["--data-dir", "data", "--logger", "zap", "--log-level", "error"],
      ...["--listen-client-urls", clients, "--advertise-client-urls", clients],
      ...["--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", `default=${peers}`],
    ];
    const process = Bun.spawn(["etcd", ...words.map(String)], { cwd: folder, stdio: ["ignore", "ignore", "ignore"] });
    const etcd = new BenchEtcd(folder, { port: client, process });
    await until("etcd answers", { withinMs: 20_000, everyMs: 200 }, async () => (await etcd.revision()) > 0).catch(
      async (error: unknown) => {
        await etcd[Symbol.asyncDispose]();
        throw error;
      },
    );
    return etcd;
  }

  /** Returns the number of changes that etcd has made; 0 while it does not answer. */
  async revision(): Promise<number> {
    const words = ["--endpoints", `127.0.0.1:${this.port}`, "--command-timeout=2s", "endpoint", "status", "-w", "json"];
    const asked = Bun.spawn(["etcdctl", ...words], { stdio: ["ignore", "pipe", "ignore"] });
    const text = await new Response(asked.stdout).text();
    if ((await asked.exited) !== 0) return 0;
    const [{ Status: status }] = JSON.parse(text) as [{ readonly Status: { readonly header: { revision: number } } }];
    return status.header.revision;
  }

  /**
   * Measures the maximum rate of one call over `connections` connections, each with one call at a time, by h2load.
   * @returns the calls in a second, and their number
   * @throws Error if a call failed
   */
  async load<Input extends DescMessage>(
    call: EtcdCall<Input>,
    { connections, seconds }: { readonly connections: number; readonly seconds: number },
  ): Promise<{ readonly perSecond: number; readonly calls: number }> {
    const body = join(this.#folder, "call");
    writeFileSync(body, frameOf(toBinary(call.schema, create(call.schema, call.message))));
    const headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"];
    const effort = ["-t1", `-c${connections}`, "-m1", `-D${Math.max(1, Math.round(seconds))}`];
    const url = `http://127.0.0.1:${this.port}${call.path}`;
    const child = Bun.spawn(["h2load", ...effort, ...headers, "-d", body, url], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const report = await new Response(child.stdout).text();
    if ((await child.exited) !== 0) throw new Error(`h2load failed: ${report}`);
    const found = /finished in [\d.]+s, ([\d.]+) req\/s[^]*?(\d+) succeeded, 0 failed, 0 errored, 0 timeout/.exec(
      report,
    );
    if (!found) throw new Error(`calls failed: ${report}`);
    return { perSecond: Number(found[1]), calls: Number(found[2]) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
