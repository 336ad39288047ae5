import { afterAll, describe, expect, test } from "bun:test";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { openSandbox } from "../support/agent-process.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { sendSignals, signalTable } from "../support/signals.ts";
import { within } from "../support/within.ts";

/** Sends signals to an agent that is starting or stopping. test/conformance/signals.test.ts sends them to a serving agent. */

const { survived } = signalTable;
const soonMs = 20_000;
const sandbox = openSandbox();
afterAll(() => sandbox.close());

describe("a starting agent", () => {
  test("survives each signal that a serving agent survives, until it serves requests", async () => {
    const agent = await sandbox.start("-data-dir", join(sandbox.folder, "starting"));
    await within(soonMs, async () => expect(agent.output()).toContain("Starting Praetor agent"));
    while (!agent.output().includes("agent running!")) {
      sendSignals(agent.pid, survived);
      await Bun.sleep(1);
    }
    expect((await agent.send("PUT", "/v1/kv/a", { body: "1" })).text).toBe("true");
    agent.signal("SIGQUIT");
    await agent.ended();
    expect(agent.output()).not.toContain("Exit code:");
  });

  test("survives the same signals while it reads its configuration, and reads it again after SIGHUP", async () => {
    const file = join(sandbox.folder, "late.hcl");
    Bun.spawnSync(["mkfifo", file]);
    const agent = await sandbox.start("-data-dir", join(sandbox.folder, "reading"), "-config-file", file);
    const first = await openForReader(file);
    sendSignals(agent.pid, survived);
    give(first, 'service { name = "first" }');
    await within(soonMs, async () => expect(agent.output()).toContain("Reloading configuration"));
    give(await openForReader(file), 'service { name = "second" }');
    await within(soonMs, async () => expect(agent.output()).toContain("Configuration reloaded"));
    const services = (await agent.send("GET", "/v1/agent/services")).json;
    expect(Object.keys(services ?? {})).toEqual(["second"]);
  });
});

test("a stopping agent survives each signal that a serving agent survives, until its process ends", async () => {
  const agent = await sandbox.start("-data-dir", join(sandbox.folder, "stopping"));
  await agent.ready();
  await using unfinished = await RawConnection.open(agent.url);
  unfinished.send("PUT /v1/kv/a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx");
  agent.signal("SIGTERM");
  await within(soonMs, async () => expect(agent.output()).toContain("Caught: signal=terminated"));
  const ended = agent.ended();
  try {
    sendSignals(agent.pid, survived);
  } catch (error) {
    // The agent may have ended before the signals arrived.
    expect(error).toMatchObject({ code: "ESRCH" });
  }
  expect(await ended).toBe(1);
});

/** Opens a named pipe once a program reads from it; returns the descriptor. */
function openForReader(path: string): Promise<number> {
  return within(soonMs, async () => openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
}

function give(descriptor: number, text: string): void {
  writeSync(descriptor, text);
  closeSync(descriptor);
}
