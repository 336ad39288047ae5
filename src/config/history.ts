import { OperatingError } from "../lib/errors.ts";
import { historyDefaults, type HistoryPolicy, historyPolicy, type HistoryRule } from "../model/kv-history.ts";
import type { Settings } from "./settings.ts";

/** Builds what is kept of the keys' past. @throws OperatingError invalid */
export function buildHistory(settings: Settings): HistoryPolicy {
  const rest: HistoryRule = {
    prefix: "",
    changesMax: settings.number("kv_history.changes"),
    ageMsMax: settings.number("kv_history.max_age"),
  };
  const changes = new Map(
    Object.entries({ [historyDefaults.prefixLeftOut]: "0", ...settings.textMap("kv_history.changes_of") }),
  );
  const ages = new Map(Object.entries(settings.numberMap("kv_history.max_age_of")));
  const rules = [...new Set([...changes.keys(), ...ages.keys()])].map((prefix) => ({
    prefix,
    changesMax: countOf(changes.get(prefix) ?? String(rest.changesMax), prefix, settings),
    ageMsMax: ages.get(prefix) ?? rest.ageMsMax,
  }));
  const hasRest = rules.some(({ prefix }) => prefix === "");
  return historyPolicy(hasRest ? rules : [...rules, rest], settings.number("kv_history.max_size"));
}

function countOf(text: string, prefix: string, settings: Settings): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  const field = `kv_history.changes_of[${JSON.stringify(prefix)}]`;
  const message = `${field} is ${JSON.stringify(text)}, and must be a number of changes, 0 for none`;
  throw new OperatingError("invalid", "invalid-config", `${message}${settings.from("kv_history.changes_of")}`);
}
