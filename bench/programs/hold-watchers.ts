/**
 * Opens many watchers, each of a separate key that the measurement never writes. Prints "held" when the agent holds all requests.
 * When its input ends, the program fails if a watcher has received an answer.
 */
import { Watchers } from "../lib/watchers.ts";

export interface HoldTask {
  readonly port: number;
  /** Number of watchers. The watched keys are `${prefix}0`, `${prefix}1` and so on. */
  readonly count: number;
  readonly prefix: string;
}

const { port, count, prefix }: HoldTask = JSON.parse(process.argv[2] ?? "");

const watchers = new Watchers(port, count);
const keys = await fetch(`http://127.0.0.1:${port}/v1/kv/${prefix}?keys`);
const names: unknown = await keys.json();
if (!Array.isArray(names) || names.length !== count) throw new Error(`there are not ${count} keys below ${prefix}`);
const index = keys.headers.get("X-Consul-Index");
watchers.ask((watcher) => `/v1/kv/${prefix}${watcher}?index=${index}&wait=10m`);
await Bun.sleep(300 + count / 10);
expectHeld();
console.log("held");
for await (const _chunk of Bun.stdin.stream());
expectHeld();
watchers.close();
process.exit();

function expectHeld(): void {
  if (watchers.waiting !== count)
    throw new Error(`${count - watchers.waiting} watchers were answered although nothing had changed`);
}
