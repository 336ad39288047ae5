import { createHmac, timingSafeEqual } from "node:crypto";
import type { Clock } from "../lib/clock.ts";
import { messageOf, OperatingError } from "../lib/errors.ts";
import { encodeFrame, FrameReader, frameTypes } from "./frames.ts";
import { type Handler, Link, type Pipe } from "./link.ts";

/*
 * A connection between two agents begins so:
 *
 *   1. with a cluster key (-encrypt): TLS, with a certificate that the accepting agent made when it started;
 *   2. the dialling agent sends a greeting frame: "praetor", the protocol's version, its proof;
 *   3. the accepting agent checks the greeting, and sends a greeting with its own proof;
 *   4. the dialling agent checks that greeting. Each agent makes a Link when it has accepted the peer's greeting.
 *
 * The proof is HMAC-SHA256 of the connection's exported keying material (RFC 5705) under the cluster key; without a cluster key
 * it is empty. An attacker in the middle has two TLS connections with different material, so it can neither make a proof nor pass
 * one on. Therefore the certificate needs no authority.
 */

/** The key that all agents of a cluster share (`-encrypt`): 16, 24 or 32 bytes. */
export type ClusterKey = Uint8Array;

export interface DialOptions {
  readonly host: string;
  readonly port: number;
  readonly key: ClusterKey | undefined;
  readonly handler: Handler;
  readonly clock: Clock;
}

const protocolVersion = 1;
/** Time within which both greetings must arrive, in milliseconds. */
const greetingMsMax = 5_000;

/**
 * Connects to an agent.
 * @throws OperatingError unavailable "cannot-connect" naming the address and the reason
 */
export function dial(options: DialOptions): Promise<Link> {
  const { host, port, key } = options;
  return new Promise((resolve, reject) => {
    const fail = (reason: string, cause?: unknown): void =>
      reject(
        new OperatingError(
          "unavailable",
          "cannot-connect",
          `cannot connect to the agent at ${host}:${port}: ${reason}`,
          { cause },
        ),
      );
    const socket = new Connection({
      ...options,
      hasDialled: true,
      onLink: resolve,
      onRefused: fail,
      key,
    });
    Bun.connect<Connection>({
      hostname: host,
      port,
      data: socket,
      ...(key && { tls: { rejectUnauthorized: false } }),
      socket: handlersOf(key !== undefined),
    }).catch((error: unknown) => fail(messageOf(error), error));
  });
}

function handlersOf(isTls: boolean): Bun.SocketHandler<Connection> {
  return {
    open(socket) {
      socket.data.open(socket);
      if (!isTls) socket.data.begin();
    },
    handshake: (socket) => socket.data.begin(),
    data: (socket, bytes) => socket.data.receive(bytes),
    drain: (socket) => socket.data.flush(),
    close: (socket) => socket.data.end("the connection was closed"),
    error: (socket, error) => socket.data.end(error.message),
  };
}

interface ConnectionOptions {
  readonly hasDialled: boolean;
  readonly key: ClusterKey | undefined;
  readonly handler: Handler;
  readonly clock: Clock;
  /** The reason why this agent refuses the connection whatever its peer sends; undefined if it does not. */
  readonly refusal?: string | undefined;
  readonly onLink: (link: Link) => void;
  readonly onRefused: (reason: string) => void;
}

/**
 * One connection, from its start to its end: first exchanges the greetings, then carries the link. The owner of the socket
 * passes on its events.
 */
export class Connection implements Pipe {
  readonly #options: ConnectionOptions;
  #socket: Bun.Socket<unknown> | undefined;
  #unsent: Uint8Array[] = [];
  readonly #frames = new FrameReader();
  #link: Link | undefined;
  #isRefused = false;
  #hasBegun = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const timer = options.clock.schedule(greetingMsMax, () => {
      if (!this.#link) this.#refuse(`no greeting arrived within ${greetingMsMax / 1_000} s`);
    });
    this.#stopTimer = () => timer.cancel();
  }

  readonly #stopTimer: () => void;

  open(socket: Bun.Socket<unknown>): void {
    this.#socket = socket;
    // Calls and answers are small, and Nagle's algorithm would delay each of them.
    socket.setNoDelay(true);
  }

  /** Begins the greetings. Called when the TCP connection is open or, with a cluster key, when the TLS handshake has ended. */
  begin(): void {
    try {
      this.#proof(true);
    } catch {
      // The handshake failed, and the runtime calls `end` next. The result that the runtime passes is not used, since it is also
      // an error for a certificate without an authority.
      return;
    }
    this.#hasBegun = true;
    if (this.#options.hasDialled) this.#greet();
  }

  receive(bytes: Uint8Array): void {
    if (this.#isRefused) return;
    // The first byte of a TLS record is its type: 0x16 is a handshake, 0x15 an alert.
    if (!this.#link && this.#options.key === undefined && (bytes[0] === 0x16 || bytes[0] === 0x15))
      return this.#refuse("the other agent has an -encrypt key, and this one has none");
    try {
      for (const frame of this.#frames.read(bytes)) {
        if (this.#link) this.#link.take(frame);
        else this.#takeGreeting(frame.payload);
      }
      this.#link?.heard();
    } catch (error) {
      if (this.#link) this.#link.close(`the other agent sent what is no frame: ${messageOf(error)}`);
      else this.#refuse("the other end is no agent of Praetor");
    }
  }

  /** Handles the end of the connection: the link is lost or, before there is a link, the connection counts as refused. */
  end(reason: string): void {
    this.#stopTimer();
    if (this.#link) return this.#link.lose(reason);
    if (this.#isRefused) return;
    this.#isRefused = true;
    const isHandshake = this.#options.key !== undefined && !this.#hasBegun;
    this.#options.onRefused(
      isHandshake ? `the TLS handshake failed (${reason}): the other agent may have no -encrypt key` : reason,
    );
  }

  write(bytes: Uint8Array): void {
    this.#unsent.push(bytes);
    this.flush();
  }

  flush(): void {
    while (this.#socket) {
      const [first] = this.#unsent;
      if (!first) return;
      const sent = this.#socket.write(first);
      if (sent < first.length) {
        if (sent > 0) this.#unsent[0] = first.subarray(sent);
        return;
      }
      this.#unsent.shift();
    }
  }

  close(): void {
    this.#socket?.end();
  }

  #greet(): void {
    this.write(
      encodeFrame(
        frameTypes.call,
        0,
        Buffer.from(JSON.stringify({ praetor: protocolVersion, proof: this.#proof(true) })),
      ),
    );
  }

  #takeGreeting(payload: Uint8Array): void {
    const { hasDialled, handler, clock, refusal } = this.#options;
    const greeting = parseGreeting(payload);
    if (greeting.refused !== undefined) return this.#refuse(greeting.refused);
    if (greeting.praetor !== protocolVersion)
      return this.#answerRefusal(
        `this agent speaks version ${protocolVersion} of the protocol between agents, the other one ${String(greeting.praetor)}`,
      );
    if (refusal !== undefined) return this.#answerRefusal(refusal);
    if (!isEqual(greeting.proof, this.#proof(false)))
      return this.#answerRefusal("the -encrypt keys of the two agents differ");
    if (!hasDialled) this.#greet();
    this.#stopTimer();
    this.#link = new Link(this, { hasDialled, handler, clock });
    this.#options.onLink(this.#link);
  }

  /** Refuses the connection, and sends the other agent the reason. */
  #answerRefusal(reason: string): void {
    this.write(encodeFrame(frameTypes.failure, 0, Buffer.from(JSON.stringify({ refused: reason }))));
    this.#refuse(reason);
  }

  #refuse(reason: string): void {
    if (this.#isRefused) return;
    this.#isRefused = true;
    this.#stopTimer();
    this.#socket?.end();
    this.#options.onRefused(reason);
  }

  /** Returns a proof; "" without a cluster key. @param isOwn true: this agent's proof; false: the proof expected of the peer */
  #proof(isOwn: boolean): string {
    const { key, hasDialled } = this.#options;
    if (!key || !this.#socket) return "";
    const role = hasDialled === isOwn ? "dialler" : "listener";
    const material = this.#socket.exportKeyingMaterial(32, "EXPORTER-praetor-link", Buffer.from(role));
    return createHmac("sha256", key).update(material).digest("base64");
  }
}

interface Greeting {
  readonly praetor?: unknown;
  readonly proof?: unknown;
  readonly refused?: string;
}

/** Decodes a greeting. @throws SyntaxError if the payload is not a JSON object */
function parseGreeting(payload: Uint8Array): Greeting {
  const value: unknown = JSON.parse(new TextDecoder().decode(payload));
  if (typeof value !== "object" || value === null) throw new SyntaxError("no object");
  return value;
}

function isEqual(given: unknown, wanted: string): boolean {
  if (typeof given !== "string" || given.length !== wanted.length) return false;
  return timingSafeEqual(Buffer.from(given), Buffer.from(wanted));
}
