import { copyOf } from "../lib/copy-of.ts";
import type { Log } from "../lib/log.ts";
import { messageOf } from "../lib/errors.ts";
import type { PacketResponder } from "./responder.ts";
import { socketError } from "./socket-error.ts";

/** Maximum number of answers queued while the socket's send buffer is full. Further answers are dropped; their clients retry. */
const waitingMax = 1_024;

interface Waiting {
  readonly packet: Uint8Array;
  readonly port: number;
  readonly address: string;
}

/** Answers DNS over UDP. Resolves with a function that closes the socket. */
export async function listenUdp(
  hostname: string,
  port: number,
  { responder, log }: { readonly responder: PacketResponder; readonly log: Log },
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

/** Maximum number of attempts to send an answer: the kernel reports an ICMP error of an earlier client on the next send. */
const triesMax = 8;

/** Sends an answer. Returns false if the socket's send buffer is full. */
function send(socket: Bun.udp.Socket<"buffer">, { packet, port, address }: Waiting, log: Log): boolean {
  for (let tries = 1; ; tries += 1) {
    try {
      return socket.send(packet, port, address);
    } catch (error) {
      if (tries < triesMax) continue;
      // The system cannot send to this address, for example to port 0.
      log.debug("cannot send an answer", { client: address, error: messageOf(error) });
      return true;
    }
  }
}
