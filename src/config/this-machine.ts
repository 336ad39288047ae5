import { hostname } from "node:os";
import type { LoadConfigOptions } from "./load.ts";
import { machineAddresses } from "./sockaddr/interfaces.ts";

/** Returns the inputs of loadConfig that come from this machine. */
export function thisMachine(): Omit<LoadConfigOptions, "args" | "env"> {
  return { hostname: hostname(), interfaces: machineAddresses };
}
