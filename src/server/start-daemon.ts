import type { RuntimeConfig } from "../config/runtime-config.ts";
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
  const role = await roleOf(config);
  for (const warning of config.warnings) options.log.warn(warning);
  const lifecycle = new Lifecycle();
  const running = await lifecycle.openAll((parts) => role(parts, config, { platform: systemPlatform, ...options }));
  return { ...running, stop: () => lifecycle.end() };
}

/** Returns the role. A server does not load the code of a client agent. */
async function roleOf(config: RuntimeConfig): Promise<Role> {
  return config.server ? openServer : (await import("./client-role.ts")).openClient;
}
