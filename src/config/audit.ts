import { OperatingError } from "../lib/errors.ts";
import type { AuditConfig } from "./runtime-config.ts";
import type { Settings } from "./settings.ts";

/** Builds the settings of the audit log; undefined if it is not enabled or has no sink. @throws OperatingError invalid */
export function buildAudit(settings: Settings): AuditConfig | undefined {
  if (!settings.flag("audit.enabled")) return undefined;
  const sinks = Object.entries(settings.sinks("audit.sink"));
  const [first, second] = sinks;
  const fail = (fault: string): never => {
    throw new OperatingError("invalid", "invalid-config", `${fault}${settings.from("audit.sink")}`);
  };
  if (first === undefined) return undefined;
  if (second !== undefined) fail(`audit.sink: there can be one sink only, and not also ${second[0]}`);
  const [name, sink] = first;
  const at = `audit.sink[${name}]`;
  const text = (field: string, fallback: string): string => String(sink[field] ?? fallback);
  const number = (field: string): number => {
    const value = Number(sink[field] ?? 0);
    return value >= 0 ? value : fail(`${at}.${field} cannot be ${value}. Must be greater than or equal to zero.`);
  };
  for (const [field, only] of Object.entries(onlyValues))
    if (text(field, only) !== only) fail(`${at}.${field}: "${text(field, only)}" is not supported, only "${only}"`);
  const path = text("path", "");
  if (path === "") fail(`${at}.path is missing: the file of the audit log`);
  return {
    path,
    recordsAll: settings.flag("audit.record_all"),
    rotateAfterMs: number("rotate_duration"),
    rotateBytes: number("rotate_bytes"),
    rotatedFilesMax: number("rotate_max_files"),
  };
}

/** Consul Enterprise: each of these fields has one value only. */
const onlyValues = { type: "file", format: "json", delivery_guarantee: "best-effort" };
