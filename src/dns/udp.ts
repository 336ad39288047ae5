import { copyOf } from "../lib/copy-of.ts";
import type { Log } from "../lib/log.ts";
import { messageOf } from "../lib/errors.ts";
import type { Responder } from "./responder.ts";
import { socketError } from "./socket-error.ts";

/** Answers queued until the system accepts more; a client without an answer retries. */
const waitingMax = 1_024;

interface Waiting {
  readonly packet: Uint8Array;
  readonly port: number;
  readonly address: string;
}

/** Answers DNS over UDP; resolves with a function that stops it. */
export async function listenUdp(
  hostname: string,
  port: number,
  { responder, log }: { readonly responder: Responder; readonly log: Log },
): Promise<() => void> {
  let waiting: Waiting[] = [];
  const answer = (socket: Bun.udp.Socket<"buffer">, { packet, port: to, address }: Waiting): void => {
    if (socket.closed) return;
    const sent = waiting.length === 0 && send(socket, { packet, port: to, address }, log);
    if (!sent && waiting.length < waitingMax) waiting.push({ packet: copyOf(packet), port: to, address });
  };
  const socket = await Bun.udpSocket({
    hostname,
    port,
    socket: {
      data(own, packet, from, address) {
        const answered = responder.respond(packet, { network: "udp", address });
        if (answered instanceof Promise)
          void answered.then((late) => late && answer(own, { packet: late, port: from, address }));
        else if (answered) answer(own, { packet: answered, port: from, address });
      },
      drain(own) {
        const rest = waiting;
        waiting = [];
        for (const each of rest) answer(own, each);
      },
      // Usually the client closed its port before the answer, and its system sent an ICMP error.
      error: (...given) => log.debug("the UDP socket failed", { error: socketError(...given).message }),
    },
  });
  return () => socket.close();
}

/** The kernel reports an ICMP error of an earlier client on the next send, so a failed send is repeated. */
const triesMax = 8;

/** Returns false if the system accepts no more for now. */
function send(socket: Bun.udp.Socket<"buffer">, { packet, port, address }: Waiting, log: Log): boolean {
  for (let tries = 1; ; tries += 1) {
    try {
      return socket.send(packet, port, address);
    } catch (error) {
      if (tries < triesMax) continue;
      // The address cannot be sent to, as with port 0.
      log.debug("cannot send an answer", { client: address, error: messageOf(error) });
      return true;
    }
  }
}
