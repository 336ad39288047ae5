import { type AutopilotRow, defaultAutopilot } from "../model/autopilot.ts";
import type { AutopilotSet, Outcome } from "./command.ts";
import type { Draft } from "./draft.ts";
import type { State } from "./state.ts";
import { autopilot, autopilotKey } from "./tables/autopilot.ts";

export function getAutopilot(state: State): AutopilotRow {
  return state.autopilot.get(autopilotKey) ?? defaultAutopilot;
}

/** Replaces the settings of autopilot, unless their index differs from the one of the command. */
export function setAutopilot(draft: Draft, { settings, cas }: AutopilotSet): Outcome {
  const known = draft.state.autopilot.get(autopilotKey);
  const { createIndex, modifyIndex } = known ?? defaultAutopilot;
  if (cas !== undefined && cas !== modifyIndex) return { type: "unchanged" };
  const row = { ...settings, createIndex, modifyIndex: draft.index };
  draft.put(autopilot, row, known);
  return { type: "done" };
}
