import { expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { type Descriptors, guardDescriptors, type PausableListener } from "./descriptor-guard.ts";
import { createLog } from "./log.ts";

/** Fakes a process with a limit of 256 descriptors. The test sets its number of open connections. */
class Platform implements Descriptors, PausableListener {
  readonly max = 256;
  connections = 10;
  held = 0;
  isOpen = true;
  canListen = true;
  readonly lines: string[] = [];
  readonly clock = new FakeClock();
  readonly #ending = new AbortController();
  readonly guarding: Promise<void>;

  constructor() {
    const sink = (line: string): void => void this.lines.push(line.replace(/^\S+ /, "").replace(/: max=.*/, ""));
    const log = createLog({ level: "info", json: false, clock: this.clock, sink }, "agent");
    const { signal } = this.#ending;
    this.guarding = guardDescriptors({ listeners: [this], clock: this.clock, log, signal, descriptors: this });
  }

  used(): number {
    return this.connections + this.held;
  }

  reserve(count: number): void {
    this.held = count;
  }

  release(): void {
    this.held = 0;
  }

  pause(): void {
    this.isOpen = false;
  }

  async resume(): Promise<void> {
    if (!this.canListen) throw new Error("the port is taken");
    this.isOpen = true;
  }

  async end(): Promise<void> {
    this.#ending.abort();
    await this.guarding;
  }
}

test("the descriptor guard stops the listeners while few descriptors are left, and logs that once", async () => {
  const world = new Platform();
  await world.clock.advance(5_000);
  expect([world.isOpen, world.held]).toEqual([true, 32]);
  world.connections = 220;
  await world.clock.advance(5_000);
  expect([world.isOpen, world.held]).toEqual([false, 0]);
  world.connections = 200;
  await world.clock.advance(5_000);
  expect(world.isOpen).toBe(false);
  world.connections = 100;
  await world.clock.advance(5_000);
  expect([world.isOpen, world.held]).toEqual([true, 32]);
  expect(world.lines).toEqual([
    "[ERROR] agent: Too many open files: no more connections are accepted",
    "[INFO]  agent: Connections are accepted again",
  ]);
  await world.end();
});

test("the descriptor guard resumes a listener in a later attempt if the first attempt fails", async () => {
  const world = new Platform();
  world.connections = 250;
  await world.clock.advance(1_000);
  [world.connections, world.canListen] = [10, false];
  await world.clock.advance(1_000);
  expect(world.isOpen).toBe(false);
  world.canListen = true;
  await world.clock.advance(1_000);
  expect(world.isOpen).toBe(true);
  await world.end();
});

test("aborting the descriptor guard closes the reserved descriptors and leaves no timer", async () => {
  const world = new Platform();
  await world.end();
  expect([world.held, world.clock.timerCount]).toEqual([0, 0]);
});
