import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { put, sharedTarget } from "../support/conformance.ts";
import { sendSignals, signalNumber, signalTable, unnamedSignal } from "../support/signals.ts";
import { programOf } from "../support/target.ts";
import { within } from "../support/within.ts";

const target = await sharedTarget();
const soonMs = 10_000;

async function expectServing(): Promise<void> {
  expect((await put("/v1/kv/signals", "1")).text).toBe("true");
}

describe("an agent", () => {
  test.each(signalTable.survived)("keeps running after %s", async (name) => {
    sendSignals(target.pid, [name]);
    await expectServing();
  });

  test.each(signalTable.suspends)("is suspended by %s, and continues after SIGCONT", async (name) => {
    sendSignals(target.pid, [name]);
    await within(soonMs, async () => expect(stateOf(target.pid)).toStartWith("T"));
    sendSignals(target.pid, ["SIGCONT"]);
    await expectServing();
  });
});

test("a long-running command keeps running after every signal that the agent survives, except SIGHUP", async () => {
  const watching = ["watch", "-http-addr", target.url, "-type=key", "-key=signals", "cat"];
  const words = [...programOf(process.env["CONFORMANCE_TARGET"] ?? "praetor"), ...watching];
  const command = Bun.spawn(words, { stdout: "pipe", stderr: "ignore" });
  const output = command.stdout.getReader();
  let value = 0;
  /** Resolves when the command has printed a change of the key. */
  const printed = async (): Promise<void> => {
    let answered = false;
    const read = output.read().then(({ done }) => (answered = !done));
    await within(soonMs, async () => {
      await put("/v1/kv/signals", String(value++));
      expect(answered).toBe(true);
    });
    await read;
  };
  await printed();
  sendSignals(
    command.pid,
    signalTable.survived.filter((name) => name !== "SIGHUP"),
  );
  await printed();
  expect([command.exitCode, command.signalCode]).toEqual([null, null]);
  command.kill();
  await command.exited;
});

// The agent writes only intervals that have finished. When this file runs, the shared agent has usually run for longer than one
// interval.
test("on SIGUSR1 the agent writes the metrics of the finished intervals to stderr, one on each line", async () => {
  await put("/v1/kv/signals", "1");
  const lines = await within(12_000, async () => {
    process.kill(target.pid, "SIGUSR1");
    const text = await Bun.file(join(target.dataDir, "target.err")).text();
    if (!text.includes("'consul.kvs.apply'")) throw new Error(`not yet: ${text}`);
    return text.split("\n").filter((line) => /^\[\d{4}-/.test(line));
  });
  const time = "\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)? \\+0000 UTC(?: m=\\+\\d+\\.\\d+)?";
  const spread = "(?:Min: F Mean: F Max: F Stddev: F )?".replaceAll("F", "\\d+\\.\\d{3}");
  const aggregate = `\\[[CS]\\] '[^' ]+': Count: \\d+ ${spread}Sum: \\d+\\.\\d{3} LastUpdated: ${time}`;
  const form = new RegExp(`^\\[${time}\\](?:\\[G\\] '[^' ]+': -?\\d+\\.\\d{3}|${aggregate})$`);
  expect(lines.filter((line) => !form.test(line))).toEqual([]);
  for (const kind of ["[G]", "[C]", "[S]"]) expect(lines.some((line) => line.includes(kind))).toBe(true);
  // Labels are part of the metric's name.
  expect(lines.some((line) => line.includes("[S] 'consul.fsm.kvs.set': Count: "))).toBe(true);
});

test("the table of signals has each signal of Linux exactly once", () => {
  const numbers = Object.values(signalTable).flat().map(signalNumber);
  expect([...numbers, unnamedSignal].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 31 }, (_, at) => at + 1));
});

/** Returns the process state as `ps` shows it: "S" sleeping, "T" stopped. */
function stateOf(pid: number): string {
  return spawnSync("ps", ["-o", "stat=", "-p", String(pid)]).stdout.toString();
}
