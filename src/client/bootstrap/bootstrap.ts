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
import { endProcess, onTermination } from "./termination.ts";

export interface BootstrapOptions<T extends ServiceConfiguration> {
  /** The name of the service in the registry and in the store: "edgex-core-data". */
  readonly serviceKey: string;
  /** What is read, and what counts where nothing else says. The type of each value decides how it is read. */
  readonly defaults: T;
  /**
   * Opens the service's own listener; answers what closes it. It is called before the service is registered, and again when
   * another port was assigned. That somebody else has the port it tells by the system's error, whose code is EADDRINUSE.
   */
  readonly listen: (port: number, configuration: T) => CloseListener | Promise<CloseListener>;
  /** Above the service's key in the store. Default: "edgex/core/1.0/". */
  readonly configStem?: string;
  /** What the registry asks to know whether the service is well. Default: "/api/v1/ping". */
  readonly checkRoute?: string;
  /** A start without the registry fails when the time is up, in the place of going on. Default: false. */
  readonly requireRegistry?: boolean;
  /** Default: lines on standard output, at the level of Writable/LogLevel. */
  readonly log?: ServiceLog;
  /** The words of the command line after the program. Default: the process's. */
  readonly argv?: readonly string[];
  /** Default: the process's. */
  readonly env?: Environment;
  readonly clock?: Clock;
}

/** A service that has started. */
export interface Service<T extends ServiceConfiguration> {
  /** As it is now: Writable changes with the store, Service.Port when another was assigned. */
  readonly configuration: T;
  /** For finding other services; undefined when this one is not to be registered. Its own port it follows already. */
  readonly registry: RegistryClient | undefined;
  /** Aborts when the service is to stop. */
  readonly signal: AbortSignal;
  /** What was changed before is in `configuration` already. */
  onWritableChange(run: WritableListener<T>): void;
  /** Closes the listener, then takes the service out of the registry. Never fails. SIGINT and SIGTERM do this, and end the process. */
  stop(): Promise<void>;
}

/**
 * Starts a service as EdgeX's own do: configuration from its file, the environment and the store; its listener; its
 * registration; and from then on what is changed below Writable. Keeps the process alive until the service is stopped.
 * @throws OperatingError when it cannot start; nothing is left open then
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

/** Ends the process after --help, and after a mistake on the command line: the person at the terminal must mend that, not the program. */
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
  const local = await readLocalConfiguration(options.defaults, { file: settings.file, env, log: log.log });
  const stopping = new AbortController();
  const timing = { startedMs, limits: readStartLimits(local, env), stopping: stopping.signal };
  const baseUrl = providerUrlOf(settings, local);
  const stored = baseUrl && {
    http: new HttpClient({ baseUrl, clock, token: settings.token }),
    basePath: `${configStem}${serviceKey}`,
    overwrite: settings.overwrite,
  };
  return new RunningService({
    ...{ serviceKey, listen, checkRoute, requireRegistry, settings, local, clock, log, stopping },
    isPortFixed: overrideByEnvironment({ Service: { Port: 0 } }, env).applied.length > 0,
    stored: stored ? new StoredConfiguration({ ...stored, local, env, log: log.log }) : undefined,
    timer: new StartTimer({ clock, log: log.log, ...timing }),
  });
}
