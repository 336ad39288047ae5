import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "./free-ports.ts";
import { within } from "./within.ts";

const readyWithinMs = 5_000;

/** A real MQTT broker without persistence, on a port that no other test uses. */
export interface Mosquitto {
  readonly port: number;
  start(): Promise<void>;
  /** Kills the broker with SIGKILL. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

export interface MosquittoOptions {
  /** The user name and password that the broker requires; without them it accepts every client. */
  readonly user?: readonly [name: string, password: string];
  /** Returns further lines of the broker's configuration, for the listener. */
  readonly lines?: (folder: string) => readonly string[];
}

/** Starts a broker; resolves when it accepts connections. */
export async function openMosquitto({ user, lines = () => [] }: MosquittoOptions = {}): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), "mosquitto-"));
  const [port = 0] = await freePorts(1);
  const file = join(folder, "mosquitto.conf");
  const asking = user ? [`password_file ${makePasswords(folder, user)}`] : [];
  const config = [
    `listener ${port} 127.0.0.1`,
    ...lines(folder),
    "persistence false",
    `allow_anonymous ${user === undefined}`,
    ...asking,
    // Without a limit, the broker sends each acknowledged message to the subscribers at once, so a kill loses no message.
    "max_inflight_messages 0",
    // Without this line the broker gives up root's rights and cannot read the test's files.
    "user root",
  ];
  writeFileSync(file, config.join("\n"));
  const broker = new RunningMosquitto(file, port, folder);
  await broker.start();
  return broker;
}

function makePasswords(folder: string, [name, password]: readonly [string, string]): string {
  const file = join(folder, "passwords");
  Bun.spawnSync(["mosquitto_passwd", "-b", "-c", file, name, password]);
  return file;
}

class RunningMosquitto implements Mosquitto {
  readonly port: number;
  readonly #file: string;
  readonly #folder: string;
  #process: Bun.Subprocess | undefined;

  constructor(file: string, port: number, folder: string) {
    this.port = port;
    this.#file = file;
    this.#folder = folder;
  }

  async start(): Promise<void> {
    const env = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin` };
    const started = Bun.spawn(["mosquitto", "-c", this.#file], { stdout: "ignore", stderr: "ignore", env });
    this.#process = started;
    await within(readyWithinMs, async () => {
      if (started.exitCode !== null) throw new Error(`mosquitto ended with ${started.exitCode}`);
      await expectListening(this.port);
    });
  }

  async kill(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.#process?.exited;
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function expectListening(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
    socket.once("error", reject);
  });
}
