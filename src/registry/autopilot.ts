import type { AutopilotRow, AutopilotSettings } from "../model/autopilot.ts";
import { getAutopilot } from "../state/autopilot.ts";
import type { Registry } from "./registry.ts";

export function readAutopilot({ state }: Pick<Registry, "state">): AutopilotRow {
  return getAutopilot(state);
}

/**
 * Replaces the settings of autopilot. Resolves with whether it has done so.
 * @param cas the index that the settings must have; undefined for any
 */
export async function setAutopilot(
  store: Registry,
  settings: AutopilotSettings,
  cas: number | undefined,
): Promise<boolean> {
  const outcome = await store.submit({ type: "autopilot-set", settings, cas });
  return outcome.type === "done";
}
