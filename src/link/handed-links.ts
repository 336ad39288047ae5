import type { Clock } from "../lib/clock.ts";
import { openLink } from "./connect.ts";
import { encodeFrame, FrameReader, frameTypes } from "./frames.ts";
import type { Handler, Link } from "./link.ts";
import { connectUnix, listenUnix, type QueuedSocket, type SocketUser, splice } from "./socket.ts";

/*
 * The thread that listens on the server's port hands the links to the main thread: for each, it connects to a unix socket of the
 * main thread, sends a frame with the other agent's address, and copies bytes both ways. The socket is in a folder that only
 * this user can enter, and the thread has checked the greetings, so the main thread trusts each connection.
 */

/** Hands a connection to the thread that listens at `path`. */
export function handOver(connection: QueuedSocket, from: string, path: string): void {
  const toMain = connectUnix(path, ignore);
  toMain.write(encodeFrame(frameTypes.call, 0, Buffer.from(from)));
  splice(connection, toMain);
}

export interface HandedLinksOptions {
  /** Path of the unix socket, which must not exist. */
  readonly path: string;
  readonly handler: Handler;
  readonly clock: Clock;
  readonly onLink: (link: Link, from: string) => void;
}

/** Listens for the links that `handOver` hands to this thread. */
export function listenForHandedLinks({ path, handler, clock, onLink }: HandedLinksOptions): { stop(): void } {
  return listenUnix(path, (socket) => {
    const frames = new FrameReader();
    return {
      receive(bytes) {
        const [frame] = frames.read(bytes);
        if (!frame) return;
        const from = new TextDecoder().decode(frame.payload);
        onLink(openLink(socket, { hasDialled: false, handler, clock }), from);
        const rest = frames.takeRest();
        if (rest.length > 0) socket.user.receive(rest);
      },
      ended() {},
    };
  });
}

const ignore: SocketUser = { receive() {}, ended() {} };
