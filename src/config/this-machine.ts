import { hostname } from "node:os";
import type { LoadConfigOptions } from "./load.ts";
import { machineAddresses } from "./sockaddr/interfaces.ts";

/** What a configuration may take from the machine that it is read on. */
export function thisMachine(): Omit<LoadConfigOptions, "args" | "env"> {
  return { hostname: hostname(), interfaces: machineAddresses };
}
