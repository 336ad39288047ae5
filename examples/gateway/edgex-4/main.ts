import { join } from "node:path";
import { parse } from "yaml";
import { overlayConfiguration } from "../../../src/client/configuration-values.ts";
import { messageOf } from "../../../src/lib/errors.ts";
import { applyEnvironment } from "../service/configuration.ts";
import type { Route } from "../service/definition.ts";
import { startHttpServer } from "../service/http-server.ts";
import { ServiceLog } from "../service/log.ts";
import { StartupTime } from "../service/startup-time.ts";
import { Keeper } from "./keeper.ts";
import { followLevel } from "./live-level.ts";

/*
 * Runs a service of EdgeX 4 that calls a service of Geneva. It starts in the order of EdgeX 4: file, environment, configuration
 * in core-keeper, HTTP server, registration, message bus. It does not read the configuration that EdgeX 4 stores for all
 * services.
 */
const serviceId = "app-rules-engine";
const pingPath = "/api/v3/ping";

interface Configuration {
  readonly Writable: { readonly LogLevel: string };
  readonly Service: {
    readonly Host: string;
    readonly Port: number;
    readonly HealthCheckInterval: string;
    readonly StartupMsg: string;
  };
}

process.exit(await run(process.env));

async function run(env: NodeJS.ProcessEnv): Promise<number> {
  const local = applyEnvironment(await loadConfiguration(), env);
  const log = new ServiceLog(serviceId, local.Writable.LogLevel);
  const keeper = new Keeper((env["EDGEX_CONFIG_PROVIDER"] ?? "").replace("keeper.", ""), serviceId);
  const startup = new StartupTime(30_000, log);
  const configuration = await startup.attempt(() => agree(keeper, local));
  if (configuration === undefined) return 1;
  log.level = configuration.Writable.LogLevel;
  const { Host: host, Port: port, HealthCheckInterval: interval, StartupMsg } = configuration.Service;
  const registration = { host, port, path: pingPath, interval };
  const server = startHttpServer({ hostname: host, port }, routes(keeper, configuration, log), log);
  if (!(await startup.attempt(() => keeper.register(registration).then(() => true)))) return 1;
  log.info(`${StartupMsg} Listening on ${host}:${port}`);
  const unfollow = follow(keeper, log, env);
  await new Promise((resolve) => process.once("SIGTERM", resolve));
  await unfollow();
  await server.close();
  await keeper.unregister(registration).catch((thrown: unknown) => log.error(messageOf(thrown)));
  return 0;
}

async function loadConfiguration(): Promise<Configuration> {
  const text = await Bun.file(join(import.meta.dir, "../res", serviceId, "configuration.yaml")).text();
  return parse(text) as Configuration; // the file belongs to this program
}

/**
 * Resolves with the stored configuration, overridden by the environment. If the store has no configuration, stores `local` and
 * resolves with it.
 */
async function agree(keeper: Keeper, local: Configuration): Promise<Configuration> {
  await keeper.ping();
  if (!(await keeper.hasConfiguration())) {
    await keeper.putConfiguration(local);
    return local;
  }
  return applyEnvironment(overlayConfiguration(local, await keeper.getConfiguration()), process.env);
}

function follow(keeper: Keeper, log: ServiceLog, env: NodeJS.ProcessEnv): () => Promise<void> {
  const host = env["MESSAGEBUS_HOST"];
  if (host !== undefined)
    return followLevel({ busUrl: `mqtt://${host}:${env["MESSAGEBUS_PORT"] ?? 1883}`, keeper, log });
  log.info("There is no message bus: changed settings are taken up at the next start");
  return async () => undefined;
}

function routes(keeper: Keeper, configuration: Configuration, log: ServiceLog): readonly Route[] {
  return [
    { method: "GET", path: pingPath, answer: async () => ({ apiVersion: "v3", serviceName: serviceId }) },
    {
      method: "GET",
      path: "/api/v3/config",
      answer: async () => ({ ...configuration, Writable: { LogLevel: log.level } }),
    },
    {
      method: "GET",
      path: "/api/v3/newest/:device",
      answer: ({ parameters }) => newestEvents(keeper, parameters["device"] ?? ""),
    },
  ];
}

/** Reads the newest event of a device from Geneva's core-data, whose address it looks up before each request. */
async function newestEvents(keeper: Keeper, device: string): Promise<unknown> {
  const coreData = await keeper.endpoint("edgex-core-data");
  const response = await fetch(`${coreData}/api/v1/event/device/${encodeURIComponent(device)}/1`);
  return response.json();
}
