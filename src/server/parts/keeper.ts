import type { Agent } from "../../agent/agent.ts";
import type { SavedRow } from "../../agent/registrations.ts";
import type { RuntimeConfig } from "../../config/runtime-config.ts";
import type { HttpServer, listen } from "../../http/server.ts";
import { CommitTimes } from "../../keeper/commit-times.ts";
import { KeptRegistrations } from "../../keeper/kept-registrations.ts";
import { Registrations } from "../../keeper/registrations.ts";
import { KeeperRouter, type ClientGate } from "../../keeper/router.ts";
import { routes } from "../../keeper/routes.ts";
import type { Secrets } from "../../keeper/secrets.ts";
import { describeKeeper } from "../keeper-description.ts";
import type { Clock } from "../../lib/clock.ts";
import { writeAccess } from "../../http/write-access.ts";
import type { Log } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import type { Ports } from "../../ports/ports.ts";
import type { CheckOutputs } from "../../registry/check-outputs.ts";
import { NodeCatalog } from "../../registry/node-catalog.ts";
import type { Store } from "../../registry/store.ts";

export interface KeeperParts {
  readonly agent: Agent;
  readonly ports: Ports;
  readonly store: Store;
  readonly outputs: CheckOutputs;
  /** What the agent itself has kept. */
  readonly local: readonly SavedRow[];
  readonly secrets: Secrets;
  /** Counts the requests of a client, whichever API they are for. */
  readonly clientGate: ClientGate;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly listen: typeof listen;
}

/** core-keeper's API as it is served. */
export interface KeeperServer extends HttpServer {
  /** Another configuration is in force now. */
  reload(config: RuntimeConfig): void;
}

/** The longest body, if no single value may be longer: some hundred times what EdgeX's largest service stores. */
const bodyBytesMin = 1024 * 1024;

/**
 * Serves core-keeper's API wherever the configuration says.
 * @throws OperatingError naming the address that cannot be used
 */
export async function openKeeper(config: RuntimeConfig, parts: KeeperParts): Promise<KeeperServer> {
  const { agent, clientGate, clock, local, log, ports, random, secrets, store } = parts;
  const { checkOutputBytesMax, httpAllowWriteFrom: writers, kvValueBytesMax } = config;
  const rows = new NodeCatalog(store, parts.outputs, agent.node.name);
  const times = new CommitTimes(store, clock);
  const kept = new KeptRegistrations(rows, local, clock);
  const registrations = new Registrations({ agent, ports, store, kept, times, clock, log, checkOutputBytesMax });
  const bodyBytesMax = Math.max(bodyBytesMin, kvValueBytesMax);
  let current = config;
  const describe = (): object => describeKeeper(current, { bodyBytesMax });
  const router = new KeeperRouter(
    routes({ store, ports, times, registrations, secrets, kvValueBytesMax, describe, clock }),
    {
      ...{ clientGate, clock, log, random, bodyBytesMax },
      headers: config.httpHeaders,
      mayWrite: writeAccess(writers),
    },
  );
  const server = await parts.listen({
    listening: { name: "keeper", portFlags: "-keeper-port" },
    addresses: config.keeperAddresses,
    port: config.ports.keeper,
    socketOwner: config.unixSocket,
    ...{ router, clock, log },
  });
  return {
    ...server,
    reload: (next) => void (current = next),
    stop() {
      kept.stop();
      return server.stop();
    },
  };
}
