import type { RuntimeConfig } from "../../config/runtime-config.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import { LogThrottle } from "../../lib/log-throttle.ts";
import { explainListenFailure } from "../../lib/port-holders.ts";
import { newSerialNumber } from "../../lib/serial-number.ts";
import type { Handler, Link } from "../../link/link.ts";
import type { ListenOptions } from "../../link/listen.ts";
import { refusalAt } from "../../link/own-machine.ts";
import type { LinkListener } from "../../link/socket.ts";
import type { Part } from "../lifecycle.ts";
import type { Platform } from "../platform.ts";
import type { AgentTls } from "./agent-tls.ts";

interface LinkParts {
  readonly handler: Handler;
  /** As in ListenOptions. */
  readonly signer?: ((from: string) => Handler) | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly tls: AgentTls;
}

/** The server's port as an agent of a cluster opens it, and the links that come over it. */
export interface LinkPort {
  readonly options: ListenOptions;
  /** Returns the options that follow from the certificates that are in force now. */
  secured(): Promise<ListenOptions>;
  /** Closes all links, and each later one as soon as it comes. */
  close(): void;
}

/**
 * Listens for other agents on the server's port. If the port is taken, logs a warning and returns a part that does nothing: the
 * gateway's own services need no other agents.
 */
export async function openLinks(
  config: RuntimeConfig,
  parts: LinkParts & { readonly listen: Platform["listenForLinks"] },
): Promise<Part> {
  if (config.ports.server < 0) return {};
  const port = await linkPort(config, parts);
  return listening(port, parts.tls, (options) => listen(config, options, parts));
}

/**
 * Listens on the server's port with `open`, and anew after each change of the certificates, until the returned part stops.
 * Links that are open stay.
 */
export function listening(
  port: LinkPort,
  tls: AgentTls,
  open: (options: ListenOptions) => LinkListener | undefined,
): Part {
  let listener = open(port.options);
  let isStopped = false;
  const unfollow = tls.followLinks(async () => {
    const options = await port.secured();
    if (isStopped) return;
    listener?.stop();
    listener = undefined;
    listener = open(options);
  });
  return {
    stop() {
      isStopped = true;
      unfollow();
      listener?.stop();
      port.close();
    },
  };
}

/** Returns the options of the server's port, and keeps the links that are not lost. */
export async function linkPort(config: RuntimeConfig, parts: LinkParts): Promise<LinkPort> {
  const { handler, signer, clock, log } = parts;
  const links = new Set<Link>();
  let isClosed = false;
  const refusals = new LogThrottle(clock);
  const options: Omit<ListenOptions, "security" | "refusalOf"> = {
    ...{ address: config.bindAddress, port: config.ports.server, handler, signer, clock },
    onLink(link, from) {
      if (isClosed) return link.close(stopsReason);
      log.debug("An agent has connected", { from });
      links.add(link);
      void link.lost.then(() => links.delete(link));
    },
    onRefused(from, reason) {
      const isNew = refusals.isNew(`${from} ${reason}`);
      log[isNew ? "warn" : "debug"]("Refused a connection to the server port", { from, reason });
    },
  };
  const secured = async (): Promise<ListenOptions> => ({ ...options, ...(await securing(config, parts)) });
  return {
    options: await secured(),
    secured,
    close() {
      isClosed = true;
      for (const link of links) link.close(stopsReason);
    },
  };
}

const stopsReason = "the server stops";

/** Returns why the server's port cannot be opened. */
export function explainPortFailure({ bindAddress: address, ports }: RuntimeConfig, error: unknown): string {
  const port = ports.server;
  const reason = explainListenFailure({
    ...{ network: "tcp", address, port, error },
    ...{ portFlags: "-server-port", addressFlag: "-bind" },
  });
  return `cannot listen on port ${port}: ${reason}`;
}

/** Returns undefined if the port is taken. */
function listen(
  config: RuntimeConfig,
  options: ListenOptions,
  parts: LinkParts & { readonly listen: Platform["listenForLinks"] },
): LinkListener | undefined {
  try {
    return parts.listen(options);
  } catch (error) {
    parts.log.warn(`no client agent can join this server: ${explainPortFailure(config, error)}`);
    return undefined;
  }
}

/** Number of days for which the certificate is valid. No agent checks it; see link/connect.ts. */
const certificateDays = 36_500;

/** Returns the options of the port by which agents are authenticated, from the certificates that are in force. */
async function securing(
  config: RuntimeConfig,
  parts: LinkParts,
): Promise<Pick<ListenOptions, "security" | "refusalOf">> {
  const security = await securityOf(config, parts);
  return { security, refusalOf: (from, purpose) => refusalAt(security, from, purpose) };
}

/** Returns the cluster key, the configured certificates and a new certificate; undefined if connections use no TLS. */
async function securityOf(
  { clusterKey: key, nodeName }: RuntimeConfig,
  { clock, tls: agentTls }: Pick<LinkParts, "clock" | "tls">,
): Promise<ListenOptions["security"]> {
  const { forLinks: tls, signing } = agentTls;
  if (!tls) return undefined;
  const { createAuthority } = await import("../../lib/certificate.ts");
  const certificate = createAuthority({
    commonName: nodeName,
    serial: newSerialNumber(),
    validFromMs: clock.wallMs(),
    days: certificateDays,
    permittedDomains: [],
  });
  return { key, certificate, tls, signing };
}
