import { afterAll, beforeAll, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { portNear } from "../../examples/gateway/ports.ts";
import { within } from "../support/within.ts";
import { expectedOutput, type ShownCommand, tourSteps } from "../support/console-blocks.ts";
import { Shell } from "../support/shell.ts";

/**
 * Runs the README's tour unchanged. Before a command the test replaces the ports and the data folder by free ones; in
 * the output it restores the README's ports and folder. It repeats a read-only request until the output matches the
 * README or the time limit is reached.
 */
const root = resolve(import.meta.dir, "../..");
const steps = tourSteps(readFileSync(join(root, "README.md"), "utf8"));
const soonMs = 10_000;

const folder = mkdtempSync(join(tmpdir(), "readme-"));
const [agentPort, dnsPort, servicePort] = await Promise.all([portNear(0), portNear(0), portNear(0)]);
/** The ports as the README has them, each with the port that replaces it in the test. */
const replaced = [
  ["8500", `${agentPort}`],
  ["8600", `${dnsPort}`],
  ["48080", `${servicePort}`],
] as const;

let shell: Shell;
let agent: ChildProcess | undefined;

beforeAll(() => {
  if (!existsSync(join(root, "dist/praetor"))) Bun.spawnSync(["make", "build"], { cwd: root });
  writeFileSync(join(folder, ".curlrc"), "silent\nshow-error\n");
  shell = new Shell({ cwd: root, env: { CURL_HOME: folder } });
});

afterAll(async () => {
  await shell.stop();
  await stopAgent();
  rmSync(folder, { recursive: true, force: true });
});

const listening = `-client 127.0.0.1 -http-port ${agentPort} -dns-port ${dnsPort} -keeper-port -1`;

function here(command: string): string {
  const own = replaced.reduce(
    (text, [shown, actual]) => text.replaceAll(new RegExp(`\\b${shown}\\b`, "g"), actual),
    command,
  );
  return own
    .replace(/(?<=-data-dir |snapshot save )data\b/, join(folder, "data"))
    .replace(/ARGS="(.*)"/, `ARGS="$1 -data-dir ${join(folder, "data")} ${listening}"`);
}

function asShown(text: string): string {
  return replaced
    .reduce((shown, [port, actual]) => shown.replaceAll(new RegExp(`\\b${actual}\\b`, "g"), port), text)
    .replaceAll(join(folder, "data"), "data");
}

async function startAgent(shown: ShownCommand): Promise<void> {
  let printed = "";
  const started = spawn("bash", ["-c", here(shown.command)], {
    cwd: root,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  agent = started;
  for (const stream of [started.stdout, started.stderr])
    stream.on("data", (text: Buffer) => (printed += text.toString()));
  await expectPrinted(shown, async () => printed.replaceAll(/^make.*\n/gm, ""), soonMs);
}

/** Stops the agent as Ctrl-C does, which sends SIGINT to all processes of the terminal. */
async function stopAgent(): Promise<void> {
  if (agent?.pid === undefined || agent.exitCode !== null) return;
  process.kill(-agent.pid, "SIGINT");
  await once(agent, "exit");
}

async function expectPrinted(shown: ShownCommand, print: () => Promise<string>, patienceMs: number): Promise<void> {
  const isExpected = expectedOutput(shown.output);
  await within(patienceMs, async () => {
    const printed = asShown(await print());
    if (!isExpected(printed))
      expect(`$ ${shown.command}\n${printed}`).toBe(`$ ${shown.command}\n${shown.output.join("\n")}`);
  });
}

const reads = /^(curl (?!.*-X)|dig)/;

test("every command of the README's tour prints the documented output", async () => {
  const [start] = steps.filter(({ name }) => name === "agent").flatMap(({ commands }) => commands);
  if (start === undefined) throw new Error("the tour starts no agent");
  let commandsRun = 0;
  for (const { name, commands } of steps) {
    if (name === "restart") {
      await stopAgent();
      await startAgent(start);
    } else if (name === "agent") await startAgent(start);
    else
      for (const shown of commands) {
        await expectPrinted(shown, () => shell.run(here(shown.command)), reads.test(shown.command) ? soonMs : 0);
        commandsRun += 1;
      }
  }
  expect(commandsRun).toBeGreaterThan(15);
});
