import { basename } from "node:path";
import { type Clock, systemClock } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import type { Environment } from "../agent-address.ts";
import { HttpClient } from "../http.ts";
import type { RegistryClient } from "../registry-client.ts";
import { overrideByEnvironment } from "./environment-overrides.ts";
import type { CloseListener } from "./listener.ts";
import type { WritableListener } from "./live-configuration.ts";
import { readLocalConfiguration } from "./local-configuration.ts";
import { RunningService } from "./running-service.ts";
import type { ServiceConfiguration } from "./service-configuration.ts";
import { formatServiceUsage, parseServiceFlags, type ServiceFlags } from "./service-flags.ts";
import { createServiceLog, type ServiceLog } from "./service-log.ts";
import { providerUrlOf, readStartLimits, readStartSettings } from "./start-settings.ts";
import { StartTimer } from "./start-timer.ts";
import { StoredConfiguration } from "./stored-configuration.ts";

/*
 * Starts a service of EdgeX as go-mod-bootstrap does: configuration from file, environment and store, then the listener, then
 * the registration.
 *
 * Life cycle: openService reads flags and the local configuration ─▶ RunningService.start pulls or pushes the stored
 * configuration, listens, registers, watches Writable ─▶ stop, by a signal or by the program, deregisters and closes all of it.
 *
 * Invariants: without a registry the service goes on with its local configuration, unless it requires one. The environment
 * overrides the store, the store overrides the file. When another port is assigned, the service listens there before it
 * registers.
 */

export interface BootstrapOptions<T extends ServiceConfiguration> {
  /** The name of the service in the registry and its folder in the store: "edgex-core-data". */
  readonly serviceKey: string;
  /** The settings with their default values. The type of a default value decides how the text of a setting is parsed. */
  readonly defaults: T;
  /**
   * Opens the service's own listener and returns a function that closes it. Called before the service is registered, and again
   * when another port is assigned. Must throw the system's error, with code EADDRINUSE, if the port is taken.
   */
  readonly listen: (port: number, configuration: T) => CloseListener | Promise<CloseListener>;
  /** The key prefix of the service's folder in the store. Default: "edgex/core/1.0/". */
  readonly configStem?: string;
  /** The service's path that the registry's health check requests. Default: "/api/v1/ping". */
  readonly checkRoute?: string;
  /** Whether the start fails at its time limit if the registry does not answer. By default it continues without the registry. */
  readonly requireRegistry?: boolean;
  /** The service's log. Default: lines of the level Writable/LogLevel and above, on standard output. */
  readonly log?: ServiceLog;
  /** The arguments after the program's name. Default: those of the process. */
  readonly argv?: readonly string[];
  /** The environment variables. Default: those of the process. */
  readonly env?: Environment;
  readonly clock?: Clock;
}

/** A service that has started. */
export interface Service<T extends ServiceConfiguration> {
  /** The present configuration. A change of Writable in the store updates it, and so does the assignment of another port. */
  readonly configuration: T;
  /**
   * A client to look up services; undefined if this service does not register. bootstrap also uses it to watch the assigned port.
   */
  readonly registry: RegistryClient | undefined;
  /** Aborts when the service begins to stop. */
  readonly signal: AbortSignal;
  /** Calls `run` after each later change of Writable. `configuration` already has the earlier changes. */
  onWritableChange(run: WritableListener<T>): void;
  /** Closes the listener, then deregisters the service. Never rejects. SIGINT and SIGTERM do the same, and end the process. */
  stop(): Promise<void>;
}

/**
 * Starts a service as EdgeX's own bootstrap does: reads its configuration from file, environment and store, opens its listener,
 * registers it, and watches Writable. Keeps the process alive until the service is stopped.
 * @throws OperatingError if the start fails, after closing everything that was opened
 */
export async function bootstrap<T extends ServiceConfiguration>(options: BootstrapOptions<T>): Promise<Service<T>> {
  const service = await openService(options, readFlags(options));
  const ignoreSignals = onTermination(() => void service.stop().then(() => endProcess(0)));
  service.signal.addEventListener("abort", ignoreSignals);
  try {
    await service.start();
  } catch (thrown) {
    await service.stop();
    throw thrown;
  }
  return service;
}

/** Returns the flags of the command line. For --help or an invalid command line it prints the usage and ends the process. */
function readFlags({
  argv = process.argv.slice(2),
  serviceKey,
}: Pick<BootstrapOptions<ServiceConfiguration>, "argv" | "serviceKey">): ServiceFlags {
  const usage = formatServiceUsage(basename(process.argv[1] ?? serviceKey));
  try {
    const flags = parseServiceFlags(argv);
    if (!flags.helpAsked) return flags;
  } catch (thrown) {
    process.stderr.write(`${messageOf(thrown)}\n\n${usage}`);
    endProcess(1);
  }
  process.stdout.write(usage);
  endProcess(0);
}

async function openService<T extends ServiceConfiguration>(
  options: BootstrapOptions<T>,
  flags: ServiceFlags,
): Promise<RunningService<T>> {
  const { serviceKey, listen, clock = systemClock, env = process.env } = options;
  const { configStem = "edgex/core/1.0/", checkRoute = "/api/v1/ping", requireRegistry = false } = options;
  const startedMs = clock.monotonicMs();
  const settings = readStartSettings(flags, env);
  const log = options.log ? { log: options.log, setLevel: () => {} } : createServiceLog(serviceKey, clock);
  const {
    configuration: local,
    overrides,
    originOf,
  } = await readLocalConfiguration(options.defaults, { file: settings.file, env, log: log.log });
  const stopping = new AbortController();
  const timing = { startedMs, limits: readStartLimits(local, env), stopping: stopping.signal };
  const baseUrl = providerUrlOf(settings, local);
  const basePath = `${configStem}${serviceKey}`;
  const stored = baseUrl && {
    http: new HttpClient({ baseUrl, clock, token: settings.token }),
    basePath,
    overwrite: settings.overwrite,
  };
  return new RunningService({
    ...{ serviceKey, listen, checkRoute, requireRegistry, settings, local, clock, log, stopping },
    isPortFixed: overrideByEnvironment({ Service: { Port: 0 } }, env).applied.length > 0,
    overrides: stored ? overrides.map(({ name, variable }) => ({ key: `${basePath}/${name}`, variable })) : [],
    stored: stored ? new StoredConfiguration({ ...stored, local, originOf, env, log: log.log }) : undefined,
    timer: new StartTimer({ clock, log: log.log, ...timing }),
  });
}

/**
 * Calls `run` at the first SIGINT or SIGTERM; a second signal ends the process as usual. Returns a function that removes the
 * handlers.
 */
function onTermination(run: () => void): () => void {
  const signals = ["SIGINT", "SIGTERM"] as const;
  const undo = (): void => {
    for (const signal of signals) process.off(signal, runOnce);
  };
  const runOnce = (): void => {
    undo();
    run();
  };
  for (const signal of signals) process.on(signal, runOnce);
  return undo;
}

/** Ends the process. EdgeX: the code is 0 after --help and after a signal, and 1 after an invalid command line. */
function endProcess(code: 0 | 1): never {
  // oxlint-disable-next-line unicorn/no-process-exit -- bootstrap runs a service's main program from start to exit
  return process.exit(code);
}
