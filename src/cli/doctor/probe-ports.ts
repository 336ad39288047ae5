import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { systemClock } from "../../lib/clock.ts";
import { ipVersion } from "../../lib/ip-version.ts";
import { secretBytes } from "../../lib/secret-bytes.ts";
import type { JsonRow } from "../json.ts";
import type { PortFacts } from "./facts.ts";

/** Whether what an agent says that it serves beside HTTP answers at the host that HTTP answers at. */
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

const patienceMs = 1_000;

/** A datagram may be lost, on a machine under load as well. */
const questionsSent = 3;

function answersDns(host: string, port: number): Promise<boolean> {
  const socket = createSocket(ipVersion(host) === 6 ? "udp6" : "udp4");
  const id = secretBytes(2);
  const question = Uint8Array.of(...id, ...questionAfterId);
  return firstOf((resolve) => {
    socket.on("error", () => resolve(false));
    socket.on("message", (message) => {
      const isAnswer = message[0] === id[0] && message[1] === id[1] && ((message[2] ?? 0) & 0x80) !== 0;
      if (isAnswer) resolve(true);
    });
    for (let sent = 0; sent < questionsSent; sent += 1) socket.send(question, port, host);
    return () => socket.close();
  });
}

/** The rest of a header (recursion desired, one question), and a question for consul. (SOA, IN): any answer will do. */
const questionAfterId = [...[1, 0, 0, 1, 0, 0, 0, 0, 0, 0], ...[6, 0x63, 0x6f, 0x6e, 0x73, 0x75, 0x6c, 0, 0, 6, 0, 1]];

function connects(host: string, port: number): Promise<boolean> {
  return firstOf((resolve) => {
    const socket = connect({ host, port });
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    return () => socket.destroy();
  });
}

/** What `start` resolves with, or false when it takes too long. `start` returns what ends it. */
function firstOf(start: (resolve: (answer: boolean) => void) => () => void): Promise<boolean> {
  return new Promise((resolve) => {
    const answer = (answered: boolean): void => {
      timer.cancel();
      end();
      resolve(answered);
    };
    const timer = systemClock.schedule(patienceMs, () => answer(false));
    const end = start(answer);
  });
}
