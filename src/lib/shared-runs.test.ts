import { expect, test } from "bun:test";
import { rejectionOf } from "../../test/support/rejection.ts";
import { SharedRuns } from "./shared-runs.ts";

/** Creates a task whose runs end when the test ends them. */
function heldTask() {
  const runs: PromiseWithResolvers<void>[] = [];
  const run = (): Promise<void> => {
    const ending = Promise.withResolvers<void>();
    runs.push(ending);
    return ending.promise;
  };
  return { runs, run };
}

/** Resolves after all pending promise callbacks have run. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("SharedRuns starts a run that was requested early as soon as its permission promise resolves", async () => {
  const permission = Promise.withResolvers<void>();
  const { runs, run } = heldTask();
  const shared = new SharedRuns(permission.promise, run);
  const early = shared.request();
  await settled();
  expect(runs).toHaveLength(0);
  permission.resolve();
  await settled();
  expect(runs).toHaveLength(1);
  runs[0]?.resolve();
  await early;
});

test("requests made during a run of SharedRuns share the next run, which begins when the current one has ended", async () => {
  const { runs, run } = heldTask();
  const shared = new SharedRuns(Promise.resolve(), run);
  const first = shared.request();
  await settled();
  const later = [shared.request(), shared.request(), shared.request()];
  await settled();
  expect(runs).toHaveLength(1);
  runs[0]?.reject(new Error("the first run failed"));
  expect(await rejectionOf(first)).toMatchObject({ message: "the first run failed" });
  await settled();
  expect(runs).toHaveLength(2);
  runs[1]?.resolve();
  expect(await Promise.all(later)).toHaveLength(3);
  expect(runs).toHaveLength(2);
});

test("if the promise of permission to run rejects, all requests to SharedRuns reject with the same error", async () => {
  const permission = Promise.withResolvers<void>();
  const { runs, run } = heldTask();
  const shared = new SharedRuns(permission.promise, run);
  const early = shared.request();
  permission.reject(new Error("the start failed"));
  expect(await rejectionOf(early)).toMatchObject({ message: "the start failed" });
  expect(await rejectionOf(shared.request())).toMatchObject({ message: "the start failed" });
  expect(runs).toHaveLength(0);
});

test("SharedRuns.close waits for the current run, and rejects the waiting and all later requests", async () => {
  const { runs, run } = heldTask();
  const shared = new SharedRuns(Promise.resolve(), run);
  const underWay = shared.request();
  await settled();
  const waiting = shared.request();
  let isClosed = false;
  const closed = shared.close(new Error("closed")).then(() => (isClosed = true));
  await settled();
  expect(isClosed).toBe(false);
  runs[0]?.resolve();
  await Promise.all([underWay, closed]);
  expect(await rejectionOf(waiting)).toMatchObject({ message: "closed" });
  expect(await rejectionOf(shared.request())).toMatchObject({ message: "closed" });
  expect(runs).toHaveLength(1);
});
