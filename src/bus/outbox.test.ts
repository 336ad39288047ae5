import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { keySet } from "../../test/support/state.ts";
import { openTestStore } from "../../test/support/store.ts";
import type { KeyChange } from "../registry/key-changes.ts";
import { Outbox, type OutboxOptions } from "./outbox.ts";

const all = { keyPrefixes: [""], position: 0 };

function sendAll(outbox: Outbox): string[] {
  const sent: string[] = [];
  for (let change = outbox.send(); change; change = outbox.send()) {
    sent.push(nameOf(change));
    outbox.acknowledge(change);
  }
  return sent;
}

function nameOf({ key, index, entry }: KeyChange): string {
  return `${key}@${index}=${entry ? Buffer.from(entry.value).toString() : "-"}`;
}

function openOutbox(options: Partial<OutboxOptions> = {}) {
  const { store } = openTestStore();
  const outbox = new Outbox(store, { ...all, ...options });
  return { store, outbox, put: (key: string, value: string) => store.submit(keySet(key, value)) };
}

describe("the outbox of changes to publish", () => {
  test("begins with the store's changes whose index is above the saved position", async () => {
    const { store, put } = openOutbox();
    for (const key of ["a", "b", "c"]) await put(key, "1");
    expect(sendAll(new Outbox(store, { ...all, position: 1 }))).toEqual(["b@2=1", "c@3=1"]);
  });

  test("has every change, even if a later write overwrote the value before the change was sent", async () => {
    const { outbox, put } = openOutbox();
    outbox.send();
    await put("a", "1");
    await put("b", "1");
    await put("a", "2");
    expect(sendAll(outbox)).toEqual(["a@1=1", "b@2=1", "a@3=2"]);
  });

  test("keeps a value that is overwritten before the first send, unless the memory limit is exceeded", async () => {
    const { store, put } = openOutbox();
    await put("a", "1");
    const outbox = new Outbox(store, all);
    const small = new Outbox(store, { ...all, bytesMax: 100 });
    await put("a", "2");
    expect([sendAll(outbox), sendAll(small)]).toEqual([["a@1=1", "a@2=2"], ["a@2=2"]]);
  });

  test("has only the last value of a key that is written twice in one batch", async () => {
    const { outbox, put } = openOutbox();
    outbox.send();
    await Promise.all([put("a", "1"), put("a", "2")]);
    expect(sendAll(outbox)).toEqual(["a@2=2"]);
  });

  test("delays a change, and all changes after it, while an earlier change of the same key is unacknowledged", async () => {
    const { outbox, put } = openOutbox();
    outbox.send();
    for (const value of ["1", "2"]) await put("a", value);
    await put("b", "1");
    const first = outbox.send();
    expect(outbox.send()).toBeUndefined();
    if (first) outbox.acknowledge(first);
    expect(sendAll(outbox)).toEqual(["a@2=2", "b@3=1"]);
  });

  test("has its position below the first unacknowledged change, or at the newest commit if all are acknowledged", async () => {
    const { outbox, put } = openOutbox({ keyPrefixes: ["a", "b"] });
    outbox.send();
    for (const key of ["a", "b", "z"]) await put(key, "1");
    const [first, second] = [outbox.send(), outbox.send()];
    if (second) outbox.acknowledge(second);
    expect(outbox.position).toBe(0);
    if (first) outbox.acknowledge(first);
    expect(outbox.position).toBe(3);
  });

  test("drops its changes at the memory limit, and then reads the last value of each key from the store", async () => {
    const { outbox, put } = openOutbox({ bytesMax: 1_000 });
    outbox.send();
    await put("a", "1");
    for (let value = 0; value < 20; value++) await put("b", String(value));
    expect([outbox.isBehind, outbox.size, outbox.position]).toEqual([true, 0, 0]);
    expect(sendAll(outbox)).toEqual(["a@1=1", "b@21=19"]);
    expect([outbox.isBehind, outbox.position]).toEqual([false, 21]);
  });

  test("has all keys of the state after a restore of a snapshot", async () => {
    const { outbox, put, store } = openOutbox();
    await put("a", "1");
    await put("b", "1");
    const snapshot = store.state;
    await put("a", "2");
    sendAll(outbox);
    await store.submit({ type: "restore", snapshot });
    expect(sendAll(outbox)).toEqual(["a@4=1", "b@4=1"]);
  });

  test("has all keys of the state after a restore that shares its batch with other writes", async () => {
    const { outbox, put, store } = openOutbox();
    await put("a", "1");
    const snapshot = store.state;
    await put("a", "2");
    sendAll(outbox);
    await Promise.all([put("b", "1"), store.submit({ type: "restore", snapshot }), put("c", "1")]);
    expect([sendAll(outbox), outbox.position]).toEqual([["a@4=1", "c@5=1"], 5]);
  });

  type Step = readonly ["put" | "delete", number] | readonly ["send" | "acknowledge" | "lose" | "restart"];
  const keys = fc.integer({ min: 0, max: 3 });
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.tuple(fc.constantFrom<"put" | "delete">("put", "delete"), keys),
    fc.tuple(fc.constantFrom<"send" | "acknowledge" | "lose" | "restart">("send", "acknowledge", "lose", "restart")),
  );

  test("drops the changes up to the index that another server has published, and those that it reads later", async () => {
    const { store, put } = openOutbox();
    for (const key of ["a", "b", "c"]) await put(key, "1");
    const inMemory = new Outbox(store, all);
    const behind = new Outbox(store, { ...all, bytesMax: 100 });
    for (const outbox of [inMemory, behind]) {
      outbox.passTo(2);
      outbox.passTo(1);
      expect(outbox.position).toBe(2);
      expect(sendAll(outbox)).toEqual(["c@3=1"]);
    }
  });

  test("publishes each key's last value whatever connections are lost, and never an older value after a newer one", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.constantFrom(300, 1_000, 1e6), async (steps, bytesMax) => {
        const { store, put } = openOutbox();
        const seen = new Map<string, KeyChange>();
        let outbox = new Outbox(store, { ...all, bytesMax });
        let underWay: KeyChange[] = [];
        const send = (): boolean => {
          const change = outbox.send();
          if (change === undefined) return false;
          expect(change.index).toBeGreaterThanOrEqual(seen.get(change.key)?.index ?? 0);
          seen.set(change.key, change);
          underWay.push(change);
          return true;
        };
        const acknowledge = (): void => {
          const before = outbox.position;
          const change = underWay.shift();
          if (change) outbox.acknowledge(change);
          expect(outbox.position).toBeGreaterThanOrEqual(before);
        };
        let value = 0;
        for (const [kind, key] of steps) {
          if (kind === "put") await put(`k${key}`, String((value += 1)));
          else if (kind === "delete") await store.submit({ type: "kv-delete", key: `k${key}` });
          else if (kind === "send") send();
          else if (kind === "acknowledge") acknowledge();
          else {
            underWay = [];
            if (kind === "lose") outbox.sendAgain();
            else outbox = new Outbox(store, { ...all, bytesMax, position: outbox.position });
          }
        }
        while (send() || underWay.length > 0) acknowledge();
        const last = [...seen.values()].filter(({ entry }) => entry !== undefined).map(nameOf);
        const stored = [...store.state.kv.values()].map((entry) =>
          nameOf({ ...entry, index: entry.modifyIndex, entry }),
        );
        expect(last.toSorted()).toEqual(stored.toSorted());
        expect([outbox.position, outbox.size]).toEqual([store.state.index, 0]);
      }),
      { numRuns: 300 },
    );
  });
});
