import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CommandRun, runCommandWith } from "../../../test/support/command-io.ts";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { OperatingError } from "../../lib/errors.ts";
import type { CommandIo } from "../command.ts";
import { agentCommand, type RunningAgent } from "./agent.ts";

/** A fake agent that starts and stops when the test resolves `starting` and `stopping`. */
class HeldAgent implements RunningAgent {
  readonly nodeId = "id";
  readonly httpAddresses: readonly string[] = [];
  readonly starting = Promise.withResolvers<void>();
  readonly stopping = Promise.withResolvers<void>();
  readonly done: string[] = [];

  async reload(): Promise<void> {
    this.done.push("reload");
  }

  metricsText(): string {
    return "metrics\n";
  }

  async ping(): Promise<void> {}

  async leave(): Promise<void> {}

  async stop(): Promise<void> {
    this.done.push("stop");
    await this.stopping.promise;
  }
}

const folder = mkdtempSync(join(tmpdir(), "agent-command-"));
const pidFile = join(folder, "agent.pid");
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs `praetor agent` in this process with `agent` in place of a real agent. */
function run(agent: HeldAgent, io: Partial<CommandIo> = {}): Promise<CommandRun> {
  const command = agentCommand({
    version: "1",
    clock: new FakeClock(),
    async start() {
      await agent.starting.promise;
      return agent;
    },
  });
  return runCommandWith(command, ["-dev", "-pid-file", pidFile], io);
}

const send = (name: NodeJS.Signals): boolean => process.emit(name, name);
/** Waits until all pending promises have settled. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("signals that arrive while an agent starts take effect after it has started, each of them once", async () => {
  const agent = new HeldAgent();
  const ended = run(agent);
  for (const name of ["SIGHUP", "SIGHUP", "SIGUSR1", "SIGTERM"] as const) send(name);
  await settled();
  expect(agent.done).toEqual([]);
  agent.starting.resolve();
  agent.stopping.resolve();
  expect((await ended).code).toBe(1);
  expect(agent.done).toEqual(["reload", "stop"]);
});

test("SIGUSR1 makes a running agent write its metrics to stderr", async () => {
  const agent = new HeldAgent();
  agent.starting.resolve();
  agent.stopping.resolve();
  const running = Promise.withResolvers<void>();
  const ended = run(agent, { stdout: (text) => void (String(text).includes("running!") && running.resolve()) });
  await running.promise;
  send("SIGUSR1");
  send("SIGTERM");
  expect((await ended).stderr).toBe("metrics\n");
});

test.each(["starts", "stops"])("a second signal ends an agent that hangs while it %s", async (phase) => {
  const agent = new HeldAgent();
  if (phase === "stops") agent.starting.resolve();
  const ended = run(agent);
  send("SIGTERM");
  await settled();
  send("SIGINT");
  const { code, stdout } = await ended;
  expect(code).toBe(1);
  expect(stdout).toContain("Caught a second signal, ending without waiting for what is under way");
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"]) expect(process.listenerCount(name)).toBe(0);
  expect(existsSync(pidFile)).toBe(false);
});

test("an agent that cannot start does not change the pid file of another, running agent", async () => {
  const agent = new HeldAgent();
  writeFileSync(pidFile, "1");
  agent.starting.reject(new OperatingError("conflict", "data-locked", "another agent has the data"));
  expect((await run(agent)).code).toBe(1);
  expect(readFileSync(pidFile, "utf8")).toBe("1");
});
