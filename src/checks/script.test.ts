import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CheckTrial, firstResult } from "../../test/support/check-trial.ts";
import { within } from "../../test/support/within.ts";
import type { CheckResult } from "./check-runner.ts";
import { startScriptCheck } from "./script.ts";

function run(args: readonly string[], outputBytesMax = 4096): Promise<CheckResult> {
  return firstResult(
    (options) => startScriptCheck({ kind: "script", args, intervalMs: 10_000, timeoutMs: 0 }, options),
    { outputBytesMax },
  );
}

function shell(command: string, outputBytesMax?: number): Promise<CheckResult> {
  return run(["sh", "-c", command], outputBytesMax);
}

function trialOf(command: string, timeoutMs: number): CheckTrial {
  const args = ["sh", "-c", command];
  return new CheckTrial((options) =>
    startScriptCheck({ kind: "script", args, intervalMs: 10_000, timeoutMs }, options),
  );
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "praetor-script-"));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Waits until a script has written `count` process ids to the file, one a line, and returns them. */
function readPids(file: string, count: number): Promise<number[]> {
  return within(5_000, async () => {
    const pids = (await readFile(file, "utf8")).trim().split("\n").map(Number);
    if (pids.length < count) throw new Error(`${pids.length} of ${count} processes have started`);
    return pids;
  });
}

/** Waits until none of the processes is running; throws if one still is after 5 s. Zombies do not count as running. */
async function requireGone(pids: readonly number[]): Promise<void> {
  await within(5_000, async () => {
    for (const pid of pids) if (await isRunning(pid)) throw new Error(`process ${pid} is still running`);
  });
}

async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ") Z");
  return !/\) [ZX]/.test(stat);
}

test.each([
  [0, "passing"],
  [1, "warning"],
  [2, "critical"],
  [255, "critical"],
] as const)("a script check whose script exits with code %i is %s", async (code, status) => {
  expect(await shell(`echo said; exit ${code}`)).toEqual({ status, output: "said\n" });
});

test("a script check whose script is killed by a signal is critical", async () => {
  expect(await shell("echo before; kill -9 $$")).toEqual({ status: "critical", output: "before\n" });
});

test("a script's output has both its streams, and the script has the agent's environment and working directory", async () => {
  const { output } = await shell('echo error >&2; echo "$PATH"; pwd');
  const expected = ["", "error", process.cwd(), process.env["PATH"] ?? ""];
  expect(output.split("\n").toSorted()).toEqual(expected.toSorted());
});

test("the output of a script check keeps the order of writes to both streams, in every run", async () => {
  const lines = Array.from({ length: 10 }, (_line, at) => at);
  const command = lines.map((line) => `echo ${line}${line % 2 === 0 ? "" : " >&2"}`).join("; ");
  const outputs = await Promise.all(Array.from({ length: 40 }, async () => (await shell(command)).output));
  expect(new Set(outputs)).toEqual(new Set([`${lines.join("\n")}\n`]));
});

test("a script of a check can open /dev/stdout and /dev/stderr", async () => {
  const command = "echo a > /dev/stderr; echo b > /dev/stdout; test -p /dev/stdout && test -p /dev/stderr";
  expect(await shell(command)).toEqual({ status: "passing", output: "a\nb\n" });
});

test("runs of script checks leave no file descriptors open", async () => {
  const open = (): number => readdirSync("/proc/self/fd").length;
  await shell("true");
  const before = open();
  for (let count = 0; count < 20; count += 1) await run(count % 2 === 0 ? ["echo", "a"] : ["/nonexistent"]);
  await within(5_000, async () => expect(open()).toBeLessThanOrEqual(before));
});

test("a script check keeps the end of a long output, and an endless output uses bounded memory", async () => {
  expect(await shell("seq 1 100", 10)).toEqual({
    status: "passing",
    output: "Captured 10 of 292 bytes\n...\n98\n99\n100\n",
  });
  const { output } = await shell("head -c 20000000 /dev/zero | tr '\\0' z; echo end", 10);
  expect(output).toBe("Captured 10 of 20000004 bytes\n...\nzzzzzzend\n");
});

test("the output of a script check has the reason when the script cannot be started", async () => {
  await inFolder(async (folder) => {
    const plain = join(folder, "plain");
    await writeFile(plain, "echo hi\n", { mode: 0o644 });
    const unreadable = join(folder, "no-interpreter");
    await writeFile(unreadable, "echo hi\n", { mode: 0o755 });
    const words: [string, string][] = [
      ["/nonexistent/x", "fork/exec /nonexistent/x: no such file or directory"],
      ["no-such-program", 'exec: "no-such-program": executable file not found in $PATH'],
      [plain, `fork/exec ${plain}: permission denied`],
      [folder, `fork/exec ${folder}: permission denied`],
      [unreadable, `fork/exec ${unreadable}: exec format error`],
      ["", "fork/exec : no such file or directory"],
    ];
    for (const [program, output] of words) expect(await run([program])).toEqual({ status: "critical", output });
  });
});

test("a script that times out is killed with all processes that it started", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "pids");
    const child = `sh -c 'trap "" TERM INT HUP; echo $$ >> ${file}; sleep 1000'`;
    const trial = trialOf(`echo before; echo $$ >> ${file}; ${child} & ${child}`, 1_500);
    await trial.startRun();
    const pids = await readPids(file, 3);
    await trial.clock.advance(1_500);
    const output = "Timed out (1.5s) running check\n\nbefore\n";
    expect(await trial.result()).toEqual({ status: "critical", output });
    await requireGone(pids);
    trial.runner.stop();
    expect(trial.clock.timerCount).toBe(0);
  });
});

test("the output of a script check that times out before it prints anything states only the timeout", async () => {
  const trial = trialOf("sleep 1000", 30_000);
  await trial.startRun();
  await trial.clock.advance(30_000);
  expect(await trial.result()).toEqual({ status: "critical", output: "Timed out (30s) running check" });
  trial.runner.stop();
});

test("a script's child process that keeps the output open prolongs the run, as in Consul", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "pids");
    const trial = trialOf(`sleep 1000 & echo parent; echo $$ > ${file}`, 2_000);
    await trial.startRun();
    await requireGone(await readPids(file, 1));
    expect(trial.results).toEqual([]);
    await trial.clock.advance(2_000);
    expect((await trial.result()).output).toBe("Timed out (2s) running check\n\nparent\n");
    trial.runner.stop();
  });
});

test("a script's child process that does not keep the output open is killed when the script ends", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "pids");
    expect(await shell(`sleep 1000 >/dev/null 2>&1 & echo $! > ${file}`)).toEqual({ status: "passing", output: "" });
    await requireGone(await readPids(file, 1));
  });
});

test("stopping a script check kills its process group and reports nothing", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "pids");
    const trial = trialOf(`echo $$ >> ${file}; sleep 1000 & echo $! >> ${file}; wait`, 30_000);
    await trial.startRun();
    const pids = await readPids(file, 2);
    trial.runner.stop();
    await requireGone(pids);
    expect([trial.results.length, trial.clock.timerCount]).toEqual([0, 0]);
  });
});
