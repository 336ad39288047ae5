import type { Clock } from "../lib/clock.ts";
import { openLink } from "./connect.ts";
import { encodeFrame, FrameReader, frameTypes } from "./frames.ts";
import type { Purpose } from "./greeting.ts";
import type { Handler, Link } from "./link.ts";
import { signsNothing } from "./listen.ts";
import { connectUnix, listenUnix, type QueuedSocket, type SocketUser, splice } from "./socket.ts";

/*
 * The thread that listens on the server's port hands the links to the main thread: for each, it connects to a unix socket of the
 * main thread, sends a frame with the other agent's address and the purpose, and copies bytes both ways. The socket is in a folder that only
 * this user can enter, and the thread has checked the greetings, so the main thread trusts each connection.
 */

/** A connection that has arrived: the other agent's address, and what the connection is for. */
export interface Arrival {
  readonly from: string;
  readonly carries: Purpose["carries"];
}

/** Hands a connection to the thread that listens at `path`. */
export function handOver(connection: QueuedSocket, arrival: Arrival, path: string): void {
  const toMain = connectUnix(path, ignore);
  toMain.write(encodeFrame(frameTypes.call, 0, Buffer.from(JSON.stringify(arrival))));
  splice(connection, toMain);
}

export interface HandedLinksOptions {
  /** Path of the unix socket, which must not exist. */
  readonly path: string;
  readonly handler: Handler;
  /** As in ListenOptions. */
  readonly signer?: ((from: string) => Handler) | undefined;
  readonly clock: Clock;
  readonly onLink: (link: Link, from: string) => void;
}

/** Listens for the links that `handOver` hands to this thread. */
export function listenForHandedLinks({ path, handler, signer = signsNothing, clock, onLink }: HandedLinksOptions): {
  stop(): void;
} {
  return listenUnix(path, (socket) => {
    const frames = new FrameReader();
    return {
      receive(bytes) {
        const [frame] = frames.read(bytes);
        if (!frame) return;
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- handOver made it
        const { from, carries } = JSON.parse(new TextDecoder().decode(frame.payload)) as Arrival;
        const answering = carries === "certificate" ? signer(from) : handler;
        onLink(openLink(socket, { hasDialled: false, handler: answering, clock }), from);
        const rest = frames.takeRest();
        if (rest.length > 0) socket.user.receive(rest);
      },
      ended() {},
    };
  });
}

const ignore: SocketUser = { receive() {}, ended() {} };
