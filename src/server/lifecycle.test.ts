import { expect, test } from "bun:test";
import { rejectionOf } from "../../test/support/rejection.ts";
import { Lifecycle, loop, type Part } from "./lifecycle.ts";

/** Returns a part that adds a line to `steps` when it is stopped and when it is closed. */
function noting(steps: string[], name: string): Part {
  return {
    async stop() {
      await Promise.resolve();
      steps.push(`stop ${name}`);
    },
    close: () => void steps.push(`close ${name}`),
  };
}

test("at its end an agent calls stop on all its parts, last part first, and then close on all, last part first", async () => {
  const steps: string[] = [];
  const lifecycle = new Lifecycle();
  const opened = await lifecycle.openAll(async (parts) => {
    parts.add(noting(steps, "store"));
    await parts.open(Promise.resolve(noting(steps, "listeners")));
    return "open";
  });
  expect(opened).toBe("open");
  await lifecycle.opened;
  await Promise.all([lifecycle.end(), lifecycle.end()]);
  expect(steps).toEqual(["stop listeners", "stop store", "close listeners", "close store"]);
});

test("if a part of an agent cannot be opened, the earlier parts end, and the start rejects with that part's error", async () => {
  const steps: string[] = [];
  const lifecycle = new Lifecycle();
  const reason = new Error("no such address");
  const opening = lifecycle.openAll(async (parts) => {
    parts.add(noting(steps, "store"));
    parts.add({ stop: () => Promise.reject(new Error("cannot stop")) });
    await parts.open(Promise.reject(reason));
    steps.push("never");
  });
  expect(await rejectionOf(opening)).toBe(reason);
  expect(await rejectionOf(lifecycle.opened)).toBe(reason);
  expect(steps).toEqual(["stop store", "close store"]);
});

test("a part of an agent that fails to stop does not prevent the other parts from ending", async () => {
  const steps: string[] = [];
  const lifecycle = new Lifecycle();
  const failure = new Error("cannot stop");
  lifecycle.add(noting(steps, "store"));
  lifecycle.add({
    stop() {
      throw failure;
    },
  });
  lifecycle.add(noting(steps, "listeners"));
  expect(await rejectionOf(lifecycle.end())).toBe(failure);
  expect(steps).toEqual(["stop listeners", "stop store", "close listeners", "close store"]);
});

test("ending the parts of an agent aborts a loop and waits for the last round of the loop", async () => {
  const steps: string[] = [];
  const lifecycle = new Lifecycle();
  lifecycle.add({ close: () => void steps.push("close store") });
  lifecycle.add(
    loop(async (signal) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      steps.push("last round");
    }),
  );
  await lifecycle.end();
  expect(steps).toEqual(["last round", "close store"]);
});
