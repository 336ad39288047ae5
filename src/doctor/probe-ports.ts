import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { type Clock, systemClock } from "../lib/clock.ts";
import { ipVersion } from "../lib/ip-version.ts";
import { secretBytes } from "../lib/secret-bytes.ts";
import type { JsonRow } from "../client/json-row.ts";
import type { PortFacts } from "./facts.ts";

/** Probes the agent's DNS and HTTPS listeners, at the host of `url`; resolves with whether each answers within a second. */
export async function probePorts(
  url: URL,
  debugConfig: JsonRow,
  clock: Clock = systemClock,
): Promise<readonly PortFacts[]> {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const probes: Promise<PortFacts>[] = [];
  const probe = (name: string, port: number, answers: Probe): void => {
    if (port <= 0) return;
    const address = `${ipVersion(host) === 6 ? `[${host}]` : host}:${port}`;
    probes.push(withTimeout(clock, answers(host, port)).then((answered) => ({ name, address, answers: answered })));
  };
  probe("DNS", debugConfig.number("DNSPort"), answersDns);
  probe("HTTPS", debugConfig.number("HTTPSPort"), connects);
  return Promise.all(probes);
}

const timeoutMs = 1_000;

/** Number of times that the probe sends the DNS query, since UDP may lose it. */
const queriesSent = 3;

/** Begins a probe, which passes its result to `resolve`. Returns the function that cleans up. */
type Attempt = (resolve: (answer: boolean) => void) => () => void;
type Probe = (host: string, port: number) => Attempt;

const answersDns: Probe = (host, port) => {
  const socket = createSocket(ipVersion(host) === 6 ? "udp6" : "udp4");
  const id = secretBytes(2);
  const query = Uint8Array.of(...id, ...queryAfterId);
  return (resolve) => {
    socket.on("error", () => resolve(false));
    socket.on("message", (message) => {
      const isAnswer = message[0] === id[0] && message[1] === id[1] && ((message[2] ?? 0) & 0x80) !== 0;
      if (isAnswer) resolve(true);
    });
    for (let sent = 0; sent < queriesSent; sent += 1) socket.send(query, port, host);
    return () => socket.close();
  };
};

/**
 * The bytes of a DNS query after its id: type SOA, class IN, name "consul.", recursion desired. Any answer shows that the DNS
 * server runs.
 */
const queryAfterId = [...[1, 0, 0, 1, 0, 0, 0, 0, 0, 0], ...[6, 0x63, 0x6f, 0x6e, 0x73, 0x75, 0x6c, 0, 0, 6, 0, 1]];

const connects: Probe = (host, port) => (resolve) => {
  const socket = connect({ host, port });
  socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
  return () => socket.destroy();
};

/** Resolves with the result of the probe, or with false after a timeout, and cleans up. */
function withTimeout(clock: Clock, start: Attempt): Promise<boolean> {
  return new Promise((resolve) => {
    const answer = (answered: boolean): void => {
      timer.cancel();
      end();
      resolve(answered);
    };
    const timer = clock.schedule(timeoutMs, () => answer(false));
    const end = start(answer);
  });
}
