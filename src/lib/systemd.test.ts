import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { monotonicUs, openNotifySocket } from "../../test/support/notify-socket.ts";
import { Systemd } from "./systemd.ts";

const folder = mkdtempSync(join(tmpdir(), "systemd-"));
afterAll(() => rmSync(folder, { recursive: true }));

let sockets = 0;
const newPath = (): string => join(folder, `${(sockets += 1)}.sock`);

async function find(env: Record<string, string>): Promise<{ systemd: Systemd | undefined; warnings: string[] }> {
  const warnings: string[] = [];
  return { systemd: await Systemd.find({ env, warn: (problem) => warnings.push(problem) }), warnings };
}

/** Resolves after all pending promise callbacks have run. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test.each([
  ["a path", newPath()],
  ["an abstract name", `@praetor-test-${process.pid}`],
])("messages to systemd reach a socket that is named by %s, with one line for each field", async (_, name) => {
  using socket = openNotifySocket(name);
  const { systemd, warnings } = await find({ NOTIFY_SOCKET: name });
  systemd?.ready("Serving on [::1]:8500, caf\u00e9");
  systemd?.status("two\nlines");
  systemd?.stopping();
  expect(socket.read()).toEqual([
    ["READY=1", "STATUS=Serving on [::1]:8500, caf\u00e9"],
    ["STATUS=two lines"],
    ["STOPPING=1", "STATUS=Stopping"],
  ]);
  expect(warnings).toEqual([]);
});

test("the message to systemd about a reload has the time of CLOCK_MONOTONIC", async () => {
  const path = newPath();
  using socket = openNotifySocket(path);
  const { systemd } = await find({ NOTIFY_SOCKET: path });
  const beforeUs = monotonicUs();
  systemd?.reloading();
  const afterUs = monotonicUs();
  const [[reloading, time] = []] = socket.read();
  expect(reloading).toBe("RELOADING=1");
  const reportedUs = BigInt(/^MONOTONIC_USEC=(\d+)$/.exec(time ?? "")?.[1] ?? 0);
  expect(reportedUs >= beforeUs && reportedUs <= afterUs).toBe(true);
});

test("the variables of sd_notify are removed from the environment, whatever they hold", async () => {
  const path = newPath();
  using _socket = openNotifySocket(path);
  for (const name of [path, "", "vsock:2:1234"]) {
    const env = { NOTIFY_SOCKET: name, WATCHDOG_USEC: "1", WATCHDOG_PID: "1", PATH: "/bin", SYSTEMD_EXEC_PID: "1" };
    await find(env);
    expect(Object.keys(env)).toEqual(["PATH", "SYSTEMD_EXEC_PID"]);
  }
});

test.each([
  ["vsock:2:1234", "it must be the path of a Unix socket, or @ and an abstract name"],
  ["relative/path", "it must be the path of a Unix socket, or @ and an abstract name"],
  [`/${"x".repeat(107)}`, "the path of a Unix socket has at most 107 bytes"],
])("NOTIFY_SOCKET=%s causes a warning, and systemd is not notified", async (name, reason) => {
  const { systemd, warnings } = await find({ NOTIFY_SOCKET: name });
  expect(systemd).toBeUndefined();
  expect(warnings).toEqual([`NOTIFY_SOCKET is ${name}: ${reason}. systemd is not notified`]);
});

test("each message to systemd that cannot be sent is logged as a warning", async () => {
  const path = newPath();
  const { systemd, warnings } = await find({ NOTIFY_SOCKET: path });
  systemd?.ready("Serving");
  expect(warnings).toEqual(["cannot send to NOTIFY_SOCKET: READY=1, STATUS=Serving"]);
});

test("the process sends its MAINPID only when systemd started another process, such as a script", async () => {
  const path = newPath();
  using socket = openNotifySocket(path);
  for (const pid of [process.pid, 1]) {
    const { systemd } = await find({ NOTIFY_SOCKET: path, SYSTEMD_EXEC_PID: String(pid) });
    systemd?.ready("Serving");
  }
  expect(socket.read().map(([first]) => first)).toEqual(["READY=1", `MAINPID=${process.pid}`]);
});

test("systemd's watchdog gets a keep-alive twice per period, each time after the given ping function has resolved", async () => {
  const path = newPath();
  using socket = openNotifySocket(path);
  const { systemd, warnings } = await find({ NOTIFY_SOCKET: path, WATCHDOG_USEC: "30000000" });
  const [clock, stopped] = [new FakeClock(), new AbortController()];
  let answer: () => Promise<void> = () => Promise.resolve();
  const fed = systemd?.feedWatchdog(() => answer(), { clock, signal: stopped.signal });
  await settled();
  expect(socket.read()).toEqual([["WATCHDOG=1"]]);
  await clock.advance(15_000);
  expect(socket.read()).toEqual([["WATCHDOG=1"]]);

  answer = () => Promise.reject(new Error("the thread stopped"));
  await clock.advance(15_000);
  expect(socket.read()).toEqual([]);
  expect(warnings).toEqual(["sent no keep-alive to the watchdog: the thread stopped"]);

  const hanging = Promise.withResolvers<void>();
  answer = () => hanging.promise;
  await clock.advance(60_000);
  expect(socket.read()).toEqual([]);
  hanging.resolve();
  await settled();
  expect(socket.read()).toEqual([["WATCHDOG=1"]]);
  stopped.abort();
  await fed;
  expect(clock.timerCount).toBe(0);
});

test.each([{ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "1" }, { WATCHDOG_USEC: "0" }, { WATCHDOG_USEC: "soon" }, {}])(
  "no keep-alive is sent if the environment names no watchdog for this process: %j",
  async (env) => {
    const path = newPath();
    using socket = openNotifySocket(path);
    const { systemd } = await find({ NOTIFY_SOCKET: path, ...env });
    const [clock, stopped] = [new FakeClock(), new AbortController()];
    await systemd?.feedWatchdog(() => Promise.resolve(), { clock, signal: stopped.signal });
    expect([socket.read(), clock.timerCount]).toEqual([[], 0]);
  },
);
