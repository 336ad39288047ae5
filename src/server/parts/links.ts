import type { Handlers, LinkedAgents } from "../../cluster/linked-agents.ts";
import type { RuntimeConfig } from "../../config/runtime-config.ts";
import type { Clock } from "../../lib/clock.ts";
import { formatIp, isLoopback, parseIp, unmapped } from "../../lib/ip-address.ts";
import type { Log } from "../../lib/log.ts";
import { LogThrottle } from "../../lib/log-throttle.ts";
import { explainListenFailure } from "../../lib/port-holders.ts";
import { localAddresses } from "../../lib/rtnetlink.ts";
import { newSerialNumber } from "../../lib/serial-number.ts";
import type { Link } from "../../link/link.ts";
import type { ListenOptions } from "../../link/listen.ts";
import type { LinkListener } from "../../link/socket.ts";
import type { Part } from "../lifecycle.ts";
import type { Platform } from "../platform.ts";

interface LinkParts {
  readonly linked: LinkedAgents;
  readonly handlers: Handlers;
  readonly listen: Platform["listenForLinks"];
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Listens for other agents on the server's port. If the port is taken, logs a warning and returns a part that does nothing: the
 * gateway's own services need no other agents.
 */
export async function openLinks(config: RuntimeConfig, parts: LinkParts): Promise<Part> {
  const links = new Set<Link>();
  const listener = config.ports.server < 0 ? undefined : await listen(config, parts, links);
  return {
    stop() {
      listener?.stop();
      for (const link of links) link.close("the server stops");
    },
  };
}

/** Listens, and keeps the links that are not lost in `links`. Returns undefined if the port is taken. */
async function listen(config: RuntimeConfig, parts: LinkParts, links: Set<Link>): Promise<LinkListener | undefined> {
  const { linked, handlers, clock, log } = parts;
  const [address, port] = [config.bindAddress, config.ports.server];
  const refusals = new LogThrottle(clock);
  try {
    return parts.listen({
      address,
      port,
      security: await securityOf(config, clock),
      handler: linked.handler(handlers),
      clock,
      refusalOf: (from) => (config.clusterKey === undefined && !isOwnAddress(from) ? needsKey : undefined),
      onLink(link, from) {
        log.debug("An agent has connected", { from });
        links.add(link);
        void link.lost.then(() => links.delete(link));
      },
      onRefused(from, reason) {
        const isNew = refusals.isNew(`${from} ${reason}`);
        log[isNew ? "warn" : "debug"]("Refused a connection to the server port", { from, reason });
      },
    });
  } catch (error) {
    const reason = explainListenFailure({
      ...{ network: "tcp", address, port, error },
      ...{ portFlags: "-server-port", addressFlag: "-bind" },
    });
    log.warn(`no client agent can join this server: cannot listen on port ${port}: ${reason}`);
    return undefined;
  }
}

const needsKey =
  "without an -encrypt key the server accepts client agents of its own machine only. " +
  "Make a key with `praetor keygen`, and start the server and its client agents with it";

function isOwnAddress(text: string): boolean {
  const ip = parseIp(text);
  if (!ip) return false;
  const address = unmapped(ip);
  return isLoopback(address) || localAddresses().includes(formatIp(address));
}

/** Number of days for which the certificate is valid. No agent checks it; see link/connect.ts. */
const certificateDays = 36_500;

/** Returns the cluster key and a new certificate; undefined without a key. */
async function securityOf(
  { clusterKey: key, nodeName }: RuntimeConfig,
  clock: Clock,
): Promise<ListenOptions["security"]> {
  if (key === undefined) return undefined;
  const { createAuthority } = await import("../../lib/certificate.ts");
  const certificate = createAuthority({
    commonName: nodeName,
    serial: newSerialNumber(),
    validFromMs: clock.wallMs(),
    days: certificateDays,
    permittedDomains: [],
  });
  return { key, certificate };
}
