import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { systemClock } from "../../lib/clock.ts";
import { ipVersion } from "../../lib/ip-version.ts";
import { secretBytes } from "../../lib/secret-bytes.ts";
import type { JsonRow } from "../json.ts";
import type { PortFacts } from "./facts.ts";

/** Probes the agent's DNS and HTTPS listeners, at the host of `url`; resolves with whether each answers. */
export async function probePorts(url: URL, debugConfig: JsonRow): Promise<readonly PortFacts[]> {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const probes: Promise<PortFacts>[] = [];
  const probe = (name: string, port: number, answers: (host: string, port: number) => Promise<boolean>): void => {
    if (port <= 0) return;
    const address = `${ipVersion(host) === 6 ? `[${host}]` : host}:${port}`;
    probes.push(answers(host, port).then((answered) => ({ name, address, answers: answered })));
  };
  probe("DNS", debugConfig.number("DNSPort"), answersDns);
  probe("HTTPS", debugConfig.number("HTTPSPort"), connects);
  return Promise.all(probes);
}

const timeoutMs = 1_000;

/** Number of times that the probe sends the DNS query, since UDP may lose it. */
const queriesSent = 3;

function answersDns(host: string, port: number): Promise<boolean> {
  const socket = createSocket(ipVersion(host) === 6 ? "udp6" : "udp4");
  const id = secretBytes(2);
  const query = Uint8Array.of(...id, ...queryAfterId);
  return withTimeout((resolve) => {
    socket.on("error", () => resolve(false));
    socket.on("message", (message) => {
      const isAnswer = message[0] === id[0] && message[1] === id[1] && ((message[2] ?? 0) & 0x80) !== 0;
      if (isAnswer) resolve(true);
    });
    for (let sent = 0; sent < queriesSent; sent += 1) socket.send(query, port, host);
    return () => socket.close();
  });
}

/**
 * The bytes of a DNS query after its id: type SOA, class IN, name "consul.", recursion desired. Any answer shows that the DNS
 * server runs.
 */
const queryAfterId = [...[1, 0, 0, 1, 0, 0, 0, 0, 0, 0], ...[6, 0x63, 0x6f, 0x6e, 0x73, 0x75, 0x6c, 0, 0, 6, 0, 1]];

function connects(host: string, port: number): Promise<boolean> {
  return withTimeout((resolve) => {
    const socket = connect({ host, port });
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    return () => socket.destroy();
  });
}

/**
 * Resolves with the value that `start` passes to `resolve`, or with false after a timeout. Then calls the function that `start`
 * returned, which cleans up.
 */
function withTimeout(start: (resolve: (answer: boolean) => void) => () => void): Promise<boolean> {
  return new Promise((resolve) => {
    const answer = (answered: boolean): void => {
      timer.cancel();
      end();
      resolve(answered);
    };
    const timer = systemClock.schedule(timeoutMs, () => answer(false));
    const end = start(answer);
  });
}
