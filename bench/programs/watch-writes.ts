/**
 * Opens watchers of one path, and makes the writes that wake them. Prints, for each write, the milliseconds from the write to
 * each watcher's answer. The program is a separate process, so that ten thousand connections do not slow the measuring process.
 */
import { Watchers } from "../lib/watchers.ts";

export interface WatchTask {
  readonly port: number;
  readonly count: number;
  /** The path that all watchers request, without a query string. */
  readonly watched: string;
  readonly written: string;
  /** The bodies to write. The first is written before any watcher starts, and each later one wakes all watchers. */
  readonly bodies: readonly string[];
}

const task: WatchTask = JSON.parse(process.argv[2] ?? "");
const url = `http://127.0.0.1:${task.port}`;
/** Milliseconds between the requests and the write that wakes them. The program fails if a request is answered in this time. */
const settleMs = 300 + task.count / 10;
const withinMs = 20_000;

const watchers = new Watchers(task.port, task.count);
await write(task.bodies[0] ?? "");
const rounds: (readonly number[])[] = [];
for (const body of task.bodies.slice(1)) rounds.push(await wakeAll(body));
console.log(JSON.stringify(rounds));
watchers.close();
process.exit();

async function wakeAll(body: string): Promise<readonly number[]> {
  const seen = await indexNow();
  watchers.ask(`${task.watched}?index=${seen}&wait=60s`);
  await Bun.sleep(settleMs);
  if (watchers.waiting !== task.count) throw new Error("a watcher was answered although nothing had changed");
  const times = watchers.wake({ method: "PUT", path: task.written, body }, withinMs);
  for (const answer of watchers.answers)
    if (indexOf(answer) <= seen) throw new Error(`an answer without news: ${answer}`);
  return times;
}

async function indexNow(): Promise<number> {
  const response = await fetch(url + task.watched);
  if (!response.ok) throw new Error(`GET ${task.watched}: ${response.status} ${await response.text()}`);
  await response.bytes();
  return Number(response.headers.get("X-Consul-Index"));
}

async function write(body: string): Promise<void> {
  const response = await fetch(url + task.written, { method: "PUT", body });
  const answer = await response.text();
  if (!response.ok || answer.trim() !== "true") throw new Error(`PUT ${task.written}: ${response.status} ${answer}`);
}

function indexOf(answer: string): number {
  return Number(/^x-consul-index: (\d+)/im.exec(answer)?.[1] ?? 0);
}
