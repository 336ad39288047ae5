import { expect, test } from "bun:test";
import { savedAndRead } from "../../test/support/random-commands.ts";
import { defaultAutopilot } from "../model/autopilot.ts";
import { apply } from "./apply.ts";
import { getAutopilot } from "./autopilot.ts";
import { emptyState, type State } from "./state.ts";

function set(state: State, minQuorum: number, index: number, cas?: number) {
  const settings = { ...defaultAutopilot, minQuorum };
  return apply(state, { type: "autopilot-set", settings, cas }, { index, nowMs: 0 });
}

test("autopilot's settings are Consul's until they are set, and a row of the state from then on", () => {
  expect(getAutopilot(emptyState)).toEqual(defaultAutopilot);
  const { state, changes } = set(emptyState, 3, 7);
  expect(getAutopilot(state)).toEqual({ ...defaultAutopilot, minQuorum: 3, createIndex: 1, modifyIndex: 7 });
  expect(changes).toMatchObject([{ table: "autopilot", key: "settings" }]);
  expect(getAutopilot(set(state, 4, 9).state)).toMatchObject({ minQuorum: 4, createIndex: 1, modifyIndex: 9 });
});

test("a check-and-set of autopilot's settings compares the index that they show", () => {
  const { state } = set(emptyState, 3, 7, 1);
  expect(getAutopilot(state).minQuorum).toBe(3);
  expect(set(state, 4, 9, 1)).toMatchObject({ outcome: { type: "unchanged" }, changes: [] });
  expect(getAutopilot(set(state, 4, 9, 7).state).minQuorum).toBe(4);
});

test("a snapshot has autopilot's settings", () => {
  expect(getAutopilot(savedAndRead(set(emptyState, 3, 7).state)).minQuorum).toBe(3);
});
