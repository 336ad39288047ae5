import { readFileSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import type { LoadConfigOptions } from "./load.ts";
import { defaultInterfaceOf } from "./sockaddr/interfaces.ts";

/** What a configuration may take from the machine that it is read on. */
export function thisMachine(): Omit<LoadConfigOptions, "args" | "env"> {
  return { hostname: hostname(), networkInterfaces, defaultInterface };
}

/** undefined where there is no default route, or no Linux to ask. */
function defaultInterface(): string | undefined {
  try {
    return defaultInterfaceOf(readFileSync("/proc/net/route", "utf8"));
  } catch {
    return undefined;
  }
}
