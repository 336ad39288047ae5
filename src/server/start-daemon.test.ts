import { afterEach, expect, test } from "bun:test";
import { FailingEngine } from "../../test/support/failing-engine.ts";
import { freePorts } from "../../test/support/free-ports.ts";
import { askInProcess } from "../../test/support/in-process.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { loadConfig } from "../config/load.ts";
import type { RuntimeConfig } from "../config/runtime-config.ts";
import type { Daemon } from "./daemon.ts";
import { openMemoryEngine } from "../engine/memory/memory-engine.ts";
import type { RequestHandler } from "../http/server.ts";
import { systemClock } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import { createLog } from "../lib/log.ts";
import { systemPlatform, type Platform } from "./platform.ts";
import { startDaemon } from "./start-daemon.ts";

/* These tests send requests to an agent that starts or stops, directly to its router, as if its listeners were already open. */

let daemon: Daemon | undefined;
afterEach(async () => {
  await daemon?.stop();
  daemon = undefined;
});

class Trial {
  /** The number of times that the agent has read the configuration again. */
  reads = 0;
  router: RequestHandler | undefined;
  readonly engine: FailingEngine = new FailingEngine(openMemoryEngine().engine);
}

/** Starts an agent; runs `opening` before its listeners open. */
async function start(of: Trial, opening: () => Promise<void> = async () => {}): Promise<Daemon> {
  const [port = 0] = await freePorts(1);
  const configWith = (hcl: string): RuntimeConfig => {
    const args = ["-dev", "-http-port", `${port}`, "-dns-port", "-1", "-hcl", `ui = false ${hcl}`];
    return loadConfig({ args, env: {}, hostname: "gateway", interfaces: () => [] });
  };
  const openListeners: Platform["openListeners"] = async (options) => {
    of.router = options.router;
    await opening();
    return systemPlatform.openListeners(options);
  };
  daemon = await startDaemon(configWith(""), {
    version: "0.1.0",
    log: createLog({ level: "error", json: false, clock: systemClock, sink: () => {} }, "agent"),
    readConfig() {
      of.reads += 1;
      return configWith(`service { name = "read-${of.reads}" }`);
    },
    setLogLevel: () => {},
    onReloading: () => {},
    onReloaded: () => {},
    onReloadFailed: () => {},
    onLeave: () => {},
    onFailed: () => {},
    platform: {
      ...systemPlatform,
      openListeners,
      openEngine: async () => ({ engine: of.engine, revision: 0, rows: [] }),
    },
  });
  return daemon;
}

interface Answered {
  readonly status: number;
  readonly text: string;
}

async function ask({ router }: Trial, method: string, path: string): Promise<Answered> {
  if (router === undefined) throw new Error("the agent has no router yet");
  const response = await askInProcess(router, path, { method });
  return { status: response.status, text: await response.text() };
}

/** Resolves when all pending promise callbacks have run. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("reloads requested while the agent opens its listeners are answered by one reload, which runs after the start", async () => {
  const trial = new Trial();
  const answers: Promise<Answered>[] = [];
  await start(trial, async () => {
    for (let count = 0; count < 3; count += 1) answers.push(ask(trial, "PUT", "/v1/agent/reload"));
    await settled();
    expect(trial.reads).toBe(0);
  });
  const done = { status: 200, text: "" };
  expect(await Promise.all(answers)).toEqual([done, done, done]);
  expect(trial.reads).toBe(1);
  expect((await ask(trial, "GET", "/v1/agent/services")).text).toContain('"read-1"');
});

test("a start that fails before the listeners open rejects with the reason and leaves no unhandled rejection", async () => {
  const trial = new Trial();
  trial.engine.fail();
  // Bun fails this test if the start leaves an unhandled rejection.
  expect(await rejectionOf(start(trial))).toMatchObject({ code: "disk-full" });
  await settled();
});

test("a reload requested during a start that fails is refused with the start's error, and the engine is closed", async () => {
  const trial = new Trial();
  let answer: Promise<Answered> | undefined;
  const failure = new OperatingError("unavailable", "cannot-listen", "another program listens there");
  const started = start(trial, async () => {
    answer = ask(trial, "PUT", "/v1/agent/reload");
    await settled();
    throw failure;
  });
  expect(await rejectionOf(started)).toBe(failure);
  expect(await answer).toEqual({ status: 500, text: failure.message });
  expect(trial.reads).toBe(0);
  const write = trial.engine.commit({ revision: 99, changes: [] });
  expect(await rejectionOf(write)).toMatchObject({ code: "store-closed" });
});

test("an agent that stops waits for the reload under way, and refuses reloads that are queued or come later", async () => {
  const trial = new Trial();
  const running = await start(trial);
  trial.engine.hold();
  const underWay = ask(trial, "PUT", "/v1/agent/reload");
  await settled();
  expect(trial.reads).toBe(1);
  const waiting = ask(trial, "PUT", "/v1/agent/reload");
  await settled();
  const stopped = running.stop();
  const late = ask(trial, "PUT", "/v1/agent/reload");
  trial.engine.release();
  const refused = { status: 500, text: "the agent is stopping and reloads nothing" };
  expect(await Promise.all([underWay, waiting, late])).toEqual([{ status: 200, text: "" }, refused, refused]);
  await stopped;
  expect(trial.reads).toBe(1);
});
