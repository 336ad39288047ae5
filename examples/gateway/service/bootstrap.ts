import { ConfigurationClient } from "../../../src/client/configuration-client.ts";
import { HttpClient } from "../../../src/client/http.ts";
import { RegistryClient } from "../../../src/client/registry-client.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { messageOf } from "../../../src/lib/errors.ts";
import { applyEnvironment, type Configuration, loadConfiguration } from "./configuration.ts";
import type { OpenService, Route, ServiceDefinition } from "./definition.ts";
import { startHttpServer } from "./http-server.ts";
import { ServiceLog } from "./log.ts";
import { LiveWritable } from "./live-writable.ts";
import { parseOptions } from "./options.ts";
import { Peers } from "./peers.ts";
import { StartupTime } from "./startup-time.ts";

/**
 * Runs one service until SIGTERM or SIGINT. It starts in the order of EdgeX Geneva: file, environment, configuration in the
 * agent, registration, database, HTTP server. At the end it deregisters. Resolves with the exit code.
 *
 * Stored configuration overrides the file, and the environment overrides both. The service follows changes of the stored section
 * Writable only. If the agent does not answer, a service continues with its file, unless it must register: then it ends with exit
 * code 1.
 */
export async function runService(definition: ServiceDefinition, args: readonly string[]): Promise<number> {
  const options = parseOptions(args, process.env);
  const fromFile = applyEnvironment(await loadConfiguration(options.configFolder), process.env);
  const log = new ServiceLog(definition.key, fromFile.Writable.LogLevel);
  const startup = new StartupTime(options.startupMs, log);
  const store = options.providerUrl === undefined ? undefined : storeAt(options.providerUrl, definition);
  const configuration = (await startup.attempt(() => store && agree(store, fromFile, options))) ?? fromFile;
  const registry = options.useRegistry ? registryFor(definition.key, configuration) : undefined;
  const writable = new LiveWritable(configuration.Writable, log);
  writable.follow(store);
  try {
    if (registry && !(await startup.attempt(() => registry.register().then(() => true)))) return 1;
    const peers = new Peers(configuration.Clients, registry);
    const world = { configuration, peers, log, writable: () => writable.current };
    const service = await startup.attempt(() => definition.open(world));
    if (service === undefined) return 1;
    await serve(service, configuration, log);
    return 0;
  } finally {
    writable.stop();
    await registry?.unregister().catch((thrown: unknown) => log.error(messageOf(thrown)));
  }
}

function storeAt(baseUrl: string, { key, configStem = "edgex/core/1.0/" }: ServiceDefinition): ConfigurationClient {
  const http = new HttpClient({ baseUrl, clock: systemClock });
  return new ConfigurationClient({ http, basePath: `${configStem}${key}` });
}

/**
 * Resolves with the stored configuration, overridden by the environment. If the store has no configuration, or with `overwrite`,
 * stores the file's values and resolves with them.
 */
async function agree(
  store: ConfigurationClient,
  fromFile: Configuration,
  { overwrite }: { readonly overwrite: boolean },
): Promise<Configuration> {
  if (!overwrite && (await store.hasConfiguration()))
    return applyEnvironment(await store.getConfiguration(fromFile), process.env);
  await store.putConfiguration(fromFile, { overwrite: true });
  return fromFile;
}

function registryFor(serviceKey: string, { Registry, Service }: Configuration): RegistryClient {
  return new RegistryClient({
    http: new HttpClient({ baseUrl: `http://${Registry.Host}:${Registry.Port}`, clock: systemClock }),
    serviceKey,
    serviceHost: Service.Host,
    servicePort: Service.Port,
    checkRoute: "/api/v1/ping",
    checkInterval: Service.CheckInterval,
  });
}

async function serve(service: OpenService, configuration: Configuration, log: ServiceLog): Promise<void> {
  const { Host: hostname, Port: port, StartupMsg } = configuration.Service;
  const server = startHttpServer({ hostname, port }, [...commonRoutes(configuration), ...service.routes], log);
  log.info(`${StartupMsg} Listening on ${hostname}:${port}`);
  await new Promise((resolve) => {
    process.once("SIGTERM", resolve);
    process.once("SIGINT", resolve);
  });
  await server.close();
  service.close();
}

function commonRoutes(configuration: Configuration): Route[] {
  return [
    { method: "GET", path: "/api/v1/ping", answer: async () => "pong" },
    { method: "GET", path: "/api/v1/config", answer: async () => configuration },
  ];
}
