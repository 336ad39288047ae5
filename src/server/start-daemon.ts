import type { RuntimeConfig } from "../config/runtime-config.ts";
import { OperatingError } from "../lib/errors.ts";
import type { Daemon, DaemonOptions, Role } from "./daemon.ts";
import { Lifecycle } from "./lifecycle.ts";
import { systemPlatform, type Platform } from "./platform.ts";
import { openServer } from "./server-role.ts";

/**
 * Starts an agent in the role that the configuration gives it.
 * @throws OperatingError naming the data folder, address or definition that cannot be used; all parts have then ended
 */
export async function startDaemon(
  config: RuntimeConfig,
  options: Omit<DaemonOptions, "platform"> & { readonly platform?: Platform },
): Promise<Daemon> {
  const role = roleOf(config);
  for (const warning of config.warnings) options.log.warn(warning);
  const lifecycle = new Lifecycle();
  const running = await lifecycle.openAll((parts) => role(parts, config, { platform: systemPlatform, ...options }));
  return { ...running, stop: () => lifecycle.end() };
}

function roleOf(config: RuntimeConfig): Role {
  if (config.server) return openServer;
  const message =
    "this version runs as a server only: start it with -server (or -dev). " +
    "An agent in client mode, which forwards to servers elsewhere, is not built yet.";
  throw new OperatingError("invalid", "client-mode", message);
}
