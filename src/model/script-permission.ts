import { OperatingError } from "../lib/errors.ts";
import type { CheckDefinition } from "./check.ts";

/** Whether checks that run programs are allowed, by their origin. */
export interface ScriptPermission {
  readonly fromApi: boolean;
  readonly fromFiles: boolean;
}

/** Refuses a check that runs a program without permission. @throws OperatingError forbidden */
export function requireScriptAllowed(
  check: CheckDefinition,
  source: "api" | "file",
  permission: ScriptPermission,
): void {
  if (check.method.kind !== "script" && check.method.kind !== "docker") return;
  const { fromApi, fromFiles } = permission;
  if (source === "api" ? fromApi : fromApi || fromFiles) return;
  const message =
    source === "api"
      ? "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true"
      : "Scripts are disabled on this agent; to enable, configure 'enable_script_checks' or " +
        "'enable_local_script_checks' to true";
  throw new OperatingError("denied", "scripts-disabled", message);
}
