import type { Clock } from "../../src/lib/clock.ts";
import { FrameReader } from "../../src/link/frames.ts";
import { type Handler, Link, type Pipe } from "../../src/link/link.ts";

/** Both ends of a link within this process. */
export interface LinkPair {
  readonly dialled: Link;
  readonly accepted: Link;
}

interface LinkPairOptions {
  readonly clock: Clock;
  /** Answers the calls of the dialler. */
  readonly handler: Handler;
  /** Answers the calls of the agent that accepted. */
  readonly diallerHandler?: Handler;
}

const noCalls: Handler = () => Promise.reject(new Error("the test expects no call"));

/** Returns two links that are connected without a network: each takes the other's bytes in the next microtask. */
export function connectLinks({ clock, handler, diallerHandler = noCalls }: LinkPairOptions): LinkPair {
  const [toAccepted, toDialled] = [new Wire(), new Wire()];
  const dialled = new Link(toAccepted, { hasDialled: true, handler: diallerHandler, clock });
  const accepted = new Link(toDialled, { hasDialled: false, handler, clock });
  toAccepted.end = accepted;
  toDialled.end = dialled;
  return { dialled, accepted };
}

class Wire implements Pipe {
  end: Link | undefined;
  readonly #frames = new FrameReader();

  write(bytes: Uint8Array): void {
    queueMicrotask(() => {
      for (const frame of this.#frames.read(bytes)) this.end?.take(frame);
      this.end?.heard();
    });
  }

  close(): void {
    queueMicrotask(() => this.end?.lose("the connection was closed"));
  }
}
