import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { exchange } from "../support/exchange.ts";
import { freePorts } from "../support/free-ports.ts";
import { type NotifySocket, openNotifySocket } from "../support/notify-socket.ts";
import { within } from "../support/within.ts";

/** Runs the built executable as systemd does: the socket, the environment and the process are real. */

const soonMs = 20_000;
const root = resolve(import.meta.dir, "../..");
const executable = join(root, "dist/praetor");
const folder = mkdtempSync(join(tmpdir(), "systemd-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Service {
  readonly url: string;
  readonly process: Bun.Subprocess;
  readonly socket: NotifySocket;
  /** All notifications received until now, without those for the watchdog. */
  readonly messages: readonly (readonly string[])[];
  readonly watchdog: number;
  /** Resolves when the last notification contains this line. */
  told(line: string): Promise<void>;
}

/** Starts an agent as a service with a watchdog of 400 ms, on the given port. */
async function startService(port: number, ...words: readonly string[]): Promise<Service & AsyncDisposable> {
  const name = `@praetor-${process.pid}-${port}`;
  const socket = openNotifySocket(name);
  const child = Bun.spawn(
    [executable, "agent", "-dev", "-http-port", String(port), "-dns-port", "-1", "-hcl", "ui = false", ...words],
    {
      env: { ...process.env, NOTIFY_SOCKET: name, WATCHDOG_USEC: "400000" },
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
    },
  );
  const [messages, seen]: [string[][], { watchdog: number }] = [[], { watchdog: 0 }];
  const read = (): void => {
    for (const lines of socket.read())
      if (lines[0] === "WATCHDOG=1") seen.watchdog += 1;
      else messages.push([...lines]);
  };
  return {
    url: `http://127.0.0.1:${port}`,
    process: child,
    socket,
    get messages() {
      read();
      return messages;
    },
    get watchdog() {
      read();
      return seen.watchdog;
    },
    async told(line) {
      await within(soonMs, async () => {
        read();
        expect(messages.at(-1)).toContain(line);
      });
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
      socket[Symbol.dispose]();
    },
  };
}

describe.skipIf(!existsSync(executable))("systemd (skipped without dist/praetor: make build)", () => {
  test("is notified when the agent serves, reloads, fails to reload and stops, and regularly for its watchdog", async () => {
    const [port = 0] = await freePorts(1);
    const [file, seen] = [join(folder, "agent.hcl"), join(folder, "environment")];
    writeFileSync(file, `check { name = "environment" args = ["sh", "-c", "env >${seen}"] interval = "1s" }`);
    await using service = await startService(port, "-config-file", file, "-enable-script-checks");
    await service.told("READY=1");
    expect((await exchange(service.url, "GET", { path: "/v1/status/leader" })).status).toBe(200);
    const serving = `STATUS=Serving on 127.0.0.1:${port}`;
    expect(service.messages).toEqual([["READY=1", serving]]);
    const { watchdog } = service;
    await within(soonMs, async () => expect(service.watchdog).toBeGreaterThan(watchdog + 2));

    service.process.kill("SIGHUP");
    await within(soonMs, async () => expect(service.messages).toHaveLength(3));
    const reloading = ["RELOADING=1", expect.stringMatching(/^MONOTONIC_USEC=\d+$/), expect.any(String)];
    expect(service.messages.slice(1)).toEqual([reloading, ["READY=1", serving]]);

    await within(soonMs, async () => expect(existsSync(seen)).toBe(true));
    expect(readFileSync(seen, "utf8")).not.toMatch(/NOTIFY_SOCKET|WATCHDOG/);
    writeFileSync(file, "log_levl = 1");
    expect((await exchange(service.url, "PUT", { path: "/v1/agent/reload" })).status).toBe(500);
    const [begun, ended] = service.messages.slice(3);
    expect(begun).toEqual(reloading);
    expect(ended?.[0]).toBe("READY=1");
    expect(ended?.[1]).toStartWith(`${serving}; the configuration before the last reload is in force: failed to parse`);

    service.process.kill("SIGTERM");
    await service.process.exited;
    expect(service.messages.at(-1)).toEqual(["STOPPING=1", "STATUS=Stopping"]);
  });

  test("receives the reason why the agent does not start, and never the notification that it is ready", async () => {
    const taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    await using service = await startService(taken.port);
    expect(await service.process.exited).toBe(1);
    taken.stop(true);
    expect(service.messages).toEqual([
      [expect.stringContaining(`STATUS=Failed: cannot listen on 127.0.0.1:${taken.port}`)],
    ]);
  });
});

const analyze = Bun.which("systemd-analyze");

test.skipIf(analyze === null)(
  "systemd-analyze finds no fault in the unit file of docs/systemd.md (skipped without systemd-analyze)",
  () => {
    const text = readFileSync(join(root, "docs/systemd.md"), "utf8");
    const unit = /```ini\n([\s\S]*?)```/.exec(text)?.[1] ?? "";
    const file = join(folder, "praetor.service");
    // The unit names the installed program. The test replaces it by the built one, so that nothing must be installed.
    writeFileSync(file, unit.replace("/usr/local/bin/praetor", executable));
    const { exitCode, stderr } = Bun.spawnSync(["systemd-analyze", "verify", "--man=no", file]);
    expect({ exitCode, said: stderr.toString() }).toEqual({ exitCode: 0, said: "" });
  },
);
