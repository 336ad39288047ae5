import { beforeEach, expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { createLog } from "../lib/log.ts";
import type { NodeChange } from "../registry/node-catalog.ts";
import type { CheckOutputs } from "./catalog-calls.ts";
import { ServerCatalog } from "./server-catalog.ts";

let clock: FakeClock;
/** The steps that the catalog, the local rows and the store have taken, in order. */
let steps: string[];
let lines: string[];
let told: CheckOutputs[];
/** Ends the writes to the catalog. */
let written: PromiseWithResolvers<void>;
let saved: Promise<void>;
let catalog: ServerCatalog;

const row = { key: "services/web", value: new Uint8Array() };
const change: NodeChange = { rows: [row], deregistrations: [{ serviceId: "web" }] };

beforeEach(() => {
  clock = new FakeClock();
  [steps, lines, told, written, saved] = [[], [], [], Promise.withResolvers(), Promise.resolve()];
  const rows = {
    commit({ rows: local, ...rest }: NodeChange) {
      steps.push(`catalog: ${Object.keys(rest).join()}${local ? " and rows" : ""}`);
      return written.promise;
    },
    contents: () => steps.push("contents"),
    showOutput: (_: unknown, output: string) => steps.push(`output ${output}`),
    forgetOutput: ({ id }: { readonly id: string }) => steps.push(`no output of ${id}`),
  };
  catalog = new ServerCatalog({
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the catalog calls these methods only
    ...{ store: { freshen: async (mode: string) => steps.push(`freshen ${mode}`) } as never, catalog: rows as never },
    localRows: {
      save: () => {
        steps.push("save");
        return saved;
      },
    },
    tellOutputs: (outputs) => told.push(outputs),
    ...{
      clock,
      log: createLog({ level: "info", json: false, clock, sink: (line) => void lines.push(line) }, "catalog"),
    },
  });
});

/** Whether a promise has resolved. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  void promise.then(() => (done = true));
  await clock.advance(0);
  return done;
}

test("a registration is durable in the local rows first, and waits a second for the catalog", async () => {
  const committed = catalog.commit(change);
  expect(await isDone(committed)).toBe(false);
  expect(steps).toEqual(["save", "catalog: deregistrations"]);
  await clock.advance(1_000);
  expect(await isDone(committed)).toBe(true);
});

test("a registration that the catalog has at once does not wait", async () => {
  written.resolve();
  expect(await isDone(catalog.commit(change))).toBe(true);
});

test("a registration succeeds without a leader, and the log says why the catalog has it not", async () => {
  const committed = catalog.commit(change);
  written.reject(new Error("No cluster leader"));
  expect(await isDone(committed)).toBe(true);
  expect(lines.join()).toContain("No cluster leader");
});

test("a registration fails when it cannot be made durable, and is not in the catalog then", async () => {
  saved = Promise.reject(new Error("disk full"));
  expect((await rejectionOf(catalog.commit(change))).message).toBe("disk full");
  expect(steps).toEqual(["save"]);
});

test("a change with transactions waits until the catalog has it, and fails as they do", async () => {
  const committed = rejectionOf(catalog.commit({ ...change, transactions: [[]] }));
  await clock.advance(60_000);
  expect(await isDone(committed)).toBe(false);
  written.reject(new Error("No cluster leader"));
  expect((await committed).message).toBe("No cluster leader");
});

test("local rows alone write nothing to the catalog", async () => {
  await catalog.commit({ rows: [row] });
  expect(steps).toEqual(["save"]);
});

test("the contents are read when this server's state is current", async () => {
  await catalog.contents();
  expect(steps).toEqual(["freshen leader", "contents"]);
});

test("outputs are shown here at once, and told to the other servers within a second, until it stops", async () => {
  const web = { id: "web", serviceName: "web" };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an output needs these fields only
  const check = web as never;
  catalog.showOutput(check, "ok");
  expect([steps, told]).toEqual([["output ok"], []]);
  await clock.advance(1_000);
  catalog.forgetOutput(check);
  await clock.advance(1_000);
  expect(steps).toEqual(["output ok", "no output of web"]);
  expect(told).toEqual([[{ ...web, output: "ok" }], [{ id: "web", serviceName: "" }]]);
  catalog.showOutput(check, "late");
  catalog.stop();
  expect(clock.timerCount).toBe(0);
});
