/**
 * Runs scripts against a real Consul, writes its answers into a folder, and reports how they differ from the stored
 * answers: `record.ts FOLDER [SCRIPT...]`. CONFORMANCE_TARGET and CONSUL_BINARY name the Consul.
 */
import { startTarget } from "../../support/target.ts";
import { compareAnswers, describeDivergences } from "./compare.ts";
import { readRecording, writeRecording, type Exchange, type Recording } from "./recording.ts";
import { runScript } from "./run-script.ts";
import type { Script } from "./script.ts";
import { scripts } from "./scripts/all.ts";

const [folder = "", ...chosen] = process.argv.slice(2);
if (folder === "") throw new Error("name the folder for the answers");

const waiting = Object.entries(scripts).filter(([name]) => chosen.length === 0 || chosen.includes(name));
if (waiting.length === 0) throw new Error(`no script is called ${chosen.join(" or ")}`);
let failures = 0;
// Three agents start at a time, because a starting Consul agent is idle most of the time.
await Promise.all(Array.from({ length: 3 }, recordWaiting));
process.exit(failures);

async function recordWaiting(): Promise<void> {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const [name] = next;
    await record(...next).catch((error: unknown) => {
      failures = 1;
      console.error(`${name}: ${String(error)}`);
    });
  }
}

async function record(name: string, script: Script): Promise<void> {
  const target = await startTarget();
  if (target.name !== "consul") throw new Error("set CONFORMANCE_TARGET=consul");
  try {
    const self = await fetch(`${target.url}/v1/agent/self`);
    const { Config } = (await self.json()) as { Config: { Version: string } };
    const exchanges = await runScript(script, target);
    const recorded = new Date().toISOString().slice(0, 10);
    const kept = await readRecording(name).catch((): Recording | undefined => undefined);
    await writeRecording(name, { consul: Config.Version, recorded, exchanges }, folder);
    console.log(
      `${name}: ${exchanges.length} requests${kept === undefined ? ", new" : changes(kept.exchanges, exchanges)}`,
    );
  } finally {
    await target.stop();
  }
}

function changes(kept: readonly Exchange[], now: readonly Exchange[]): string {
  const changed = now.flatMap((exchange, at) => {
    const before = kept[at];
    if (before?.request !== exchange.request) return [`${exchange.request}\n  was not asked here before`];
    const found = compareAnswers(before, exchange);
    return found.length === 0 ? [] : [describeDivergences(exchange, found, ["kept", "now"])];
  });
  return changed.length === 0 ? "" : `, ${changed.length} changed\n${changed.join("\n")}`;
}
