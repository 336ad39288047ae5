import { describe, expect, test } from "bun:test";
import {
  checkNamed,
  keyLock,
  keySet,
  nodeNamed,
  serviceNamed,
  sessionNamed,
  StateDriver,
} from "../../test/support/state.ts";
import { OperatingError } from "../lib/errors.ts";
import { getKv } from "./kv.ts";
import { SnapshotDecoder, encodeSnapshot } from "./snapshot.ts";
import { emptyState, type State } from "./state.ts";

const session = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11";

function filledState(): State {
  const driver = new StateDriver();
  const checks = [checkNamed("up", { serviceId: "web", status: "passing" })];
  driver.run({ type: "register", node: nodeNamed("n1"), skipNodeUpdate: false, service: serviceNamed("web"), checks });
  driver.run({ type: "session-create", session: sessionNamed(session) });
  driver.run(keySet("a", "1"));
  driver.run(keyLock("locked", session));
  return driver.state;
}

function encode(state: State): Buffer {
  return Buffer.concat([...encodeSnapshot(state)]);
}

function decode(bytes: Uint8Array): State {
  const decoder = new SnapshotDecoder();
  decoder.add(bytes);
  return decoder.finish();
}

function refusal(bytes: Uint8Array): string {
  try {
    decode(bytes);
  } catch (error) {
    if (error instanceof OperatingError) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error("it was taken");
}

/** Returns a snapshot in which one text is replaced by another text of the same length. */
function altered(from: string, to: string): Buffer {
  expect(to).toHaveLength(from.length);
  const text = encode(filledState()).toString("latin1");
  expect(text).toContain(from);
  return Buffer.from(text.replace(from, to), "latin1");
}

test("a snapshot begins with format, version and index, followed by its rows in binary form", () => {
  const driver = new StateDriver();
  driver.run(keySet("a", "x"));
  const bytes = encode({ ...driver.state, index: 7 });
  expect(bytes.subarray(0, 33).toString("latin1")).toBe("praetor-state 1 7\n\x02\0\0\0\x01\0\0\0\x22\0\0\0kva");
});

test("a key's value that is longer than a block is saved in a snapshot and restored", () => {
  const driver = new StateDriver();
  const value = "v".repeat(300_000);
  driver.run(keySet("a", value));
  driver.run(keySet("b", "1"));
  const decoder = new SnapshotDecoder();
  for (const block of encodeSnapshot(driver.state)) {
    for (let at = 0; at < block.length; at += 1_000) decoder.add(block.subarray(at, at + 1_000));
  }
  const state = decoder.finish();
  expect(Buffer.from(getKv(state, "a")?.value ?? []).toString()).toBe(value);
  expect(state.kv.size).toBe(2);
});

test("an entry that was read from a snapshot holds only its value in memory, not the whole block", () => {
  const { value } = getKv(decode(encode(filledState())), "a") ?? {};
  expect(value?.buffer.byteLength).toBe(1);
});

describe("a snapshot is refused", () => {
  const bytes = encode(filledState());

  test.each([
    ["if it is empty", Buffer.of(), "snapshot-foreign"],
    [
      "if it is another program's file",
      Buffer.from("SQLite format 3\0 and so on, for more bytes than a line of the header may have"),
      "snapshot-foreign",
    ],
    ["without an index", Buffer.from("praetor-state 1 \n"), "snapshot-foreign"],
    ["of a newer Praetor", Buffer.from("praetor-state 2 7\n"), "snapshot-newer"],
    [
      "if it is Consul's",
      Buffer.from("\x81\xa9LastIndex\x08\0\x8d\xa7Address\xa9127.0.0.1", "latin1"),
      "snapshot-foreign: this is a snapshot of HashiCorp's Consul",
    ],
    [
      "if it ends within a row",
      bytes.subarray(0, -1),
      "snapshot-damaged: the snapshot is damaged: it ends within a row",
    ],
    ["if it ends within the lengths of a row", Buffer.concat([bytes, Buffer.of(1, 2, 3)]), "snapshot-damaged"],
  ])("%s", (_what, given, reason) => {
    expect(refusal(given)).toStartWith(reason);
  });

  test.each([
    ["with an unknown table", "services", "servants"],
    ["with a row that is no JSON", '{"id":"web"', '("id":"web"'],
    ["with a row whose fields do not match its key", '"name":"n1"', '"name":"n2"'],
    ["with an unknown status", '"passing"', '"passins"'],
    ["with a row that lacks a field", '"tags"', '"taps"'],
    ["with a list in place of a string", '"kind":""', '"kind":[]'],
    ["with a row whose ModifyIndex is above the snapshot's index", '"modifyIndex":1', '"modifyIndex":9'],
  ])("%s", (_what, from, to) => {
    expect(refusal(altered(from, to))).toStartWith("snapshot-damaged: the snapshot is damaged: the row ");
  });

  test.each([
    ["with a service whose node is missing", { nodes: emptyState.nodes }, '"web" is on the node'],
    ["with a check whose service is missing", { services: emptyState.services }, '"up" is of the service "web"'],
    [
      "with a locked key whose session is missing",
      { sessions: emptyState.sessions },
      '"locked" is locked by the session',
    ],
  ])("%s", (_what, without, text) => {
    expect(refusal(encode({ ...filledState(), ...without }))).toContain(text);
  });
});
