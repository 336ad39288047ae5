import { createHmac, timingSafeEqual } from "node:crypto";
import type { Clock, Timer } from "../lib/clock.ts";
import { encodeFrame, FrameReader, frameTypes } from "./frames.ts";
import { QueuedSocket, type SocketUser } from "./socket.ts";

/*
 * A connection between two agents begins so:
 *
 *   1. with a cluster key (-encrypt), or where certificates are verified (link-tls.ts): TLS. Without a configured certificate
 *      the accepting agent shows one that it made when it started;
 *   2. the dialling agent sends a greeting frame: "praetor", the protocol's version, its proof, the purpose of the connection;
 *   3. the accepting agent checks the greeting, and sends a greeting with its own proof;
 *   4. the dialling agent checks that greeting. From then on the connection carries what its purpose says.
 *
 * The proof is HMAC-SHA256 of the connection's exported keying material (RFC 5705) under the cluster key; without a cluster key
 * it is empty. An attacker in the middle has two TLS connections with different material, so it can neither make a proof nor pass
 * one on. Therefore the certificate needs no authority while there is a cluster key.
 */

/** The key that all agents of a cluster share (`-encrypt`): 16, 24 or 32 bytes. */
export type ClusterKey = Uint8Array;

/** A certificate and its private key, in PEM. */
export interface OwnCertificate {
  readonly certificate: string;
  readonly key: string;
}

/**
 * The purpose of a connection: it carries the frames of a link or, between the etcds of two servers, the bytes of raft. `to` is
 * the node id of the server that is to accept the connection. "certificate" is a link over which a server signs a certificate and
 * does nothing else, so that an agent without a certificate gets no further.
 */
export type Purpose = { readonly carries: "link" | "certificate" } | { readonly carries: "raft"; readonly to: string };

export interface GreeterOptions {
  readonly key: ClusterKey | undefined;
  /** Whether the connection uses TLS; always with a cluster key. */
  readonly isTls: boolean;
  /** Returns why the other agent's certificate is refused, from the runtime's error of the handshake; undefined if it is not. */
  readonly certificateFault?: (error: Error | undefined) => string | undefined;
  /** Whether agents whose certificate is refused may ask for one. */
  readonly signsCertificates?: boolean;
  readonly clock: Clock;
  /** The purpose of a connection that this agent has dialled; undefined for one that it has accepted. */
  readonly purpose: Purpose | undefined;
  /** Returns why this agent refuses an accepted connection, which goes to the other agent; undefined if it does not. */
  readonly refusalOf?: (purpose: Purpose) => string | undefined;
  /** Called when both greetings are accepted. It gives the socket its next user. */
  readonly onGreeted: (socket: QueuedSocket, purpose: Purpose) => void;
  readonly onRefused: (reason: string) => void;
}

const keyingLabel = "EXPORTER-praetor-link";
const protocolVersion = 1;
/** Time within which both greetings must arrive, in milliseconds. */
const greetingMsMax = 5_000;

/** Maximum length of a greeting, in bytes: no more is kept of what an agent sends that has not proved the key. */
const greetingBytesMax = 4_096;

/** The first user of a connection: exchanges the greetings. */
export class Greeter implements SocketUser {
  readonly #options: GreeterOptions;
  readonly #frames = new FrameReader(greetingBytesMax);
  readonly #timer: Timer;
  /** The connection. */
  readonly socket: QueuedSocket = new QueuedSocket(this);
  #isOver = false;
  #hasBegun = false;
  #certificateFault: string | undefined;

  constructor(options: GreeterOptions) {
    this.#options = options;
    this.#timer = options.clock.schedule(greetingMsMax, () =>
      this.#refuse(`no greeting arrived within ${greetingMsMax / 1_000} s`),
    );
  }

  opened(error?: Error): void {
    try {
      if (this.#options.isTls) this.socket.keyingMaterial(32, keyingLabel, "");
    } catch {
      // The handshake failed, and the runtime calls `end` next. The error that the runtime passes does not show it, since it is
      // also passed for a certificate without an authority.
      return;
    }
    const fault = this.#options.certificateFault?.(error);
    if (fault !== undefined && this.#options.signsCertificates !== true) return this.#refuse(fault);
    this.#certificateFault = fault;
    this.#hasBegun = true;
    if (this.#hasDialled) this.#greet();
  }

  receive(bytes: Uint8Array): void {
    if (this.#isOver) return;
    // The first byte of a TLS record is its type: 0x16 is a handshake, 0x15 an alert.
    if (!this.#options.isTls && (bytes[0] === 0x16 || bytes[0] === 0x15))
      return this.#refuse(
        "the other agent has an -encrypt key, and this one has none, or only the other one verifies certificates",
      );
    let greeting: Greeting | undefined;
    try {
      const [frame] = this.#frames.read(bytes);
      greeting = frame && parseGreeting(frame.payload);
    } catch {
      this.#refuse("the other end is no agent of Praetor");
    }
    if (greeting) this.#take(greeting);
  }

  ended(reason: string): void {
    const isHandshake = this.#options.isTls && !this.#hasBegun;
    const hint = "the other agent may have no -encrypt key, or verify no certificates";
    this.#refuse(isHandshake ? `the TLS handshake failed (${reason}): ${hint}` : reason);
  }

  get #hasDialled(): boolean {
    return this.#options.purpose !== undefined;
  }

  #greet(): void {
    const greeting = { praetor: protocolVersion, proof: this.#proof(true), purpose: this.#options.purpose };
    this.socket.write(encodeFrame(frameTypes.call, 0, Buffer.from(JSON.stringify(greeting))));
  }

  #take(greeting: Greeting): void {
    if (greeting.refused !== undefined) return this.#refuse(greeting.refused);
    if (greeting.praetor !== protocolVersion)
      return this.#answerRefusal(
        `this agent speaks version ${protocolVersion} of the protocol between agents, the other one ${String(greeting.praetor)}`,
      );
    const purpose = this.#options.purpose ?? purposeOf(greeting.purpose);
    if (!purpose) return this.#answerRefusal("this agent does not know the purpose of the connection");
    if (!isEqual(greeting.proof, this.#proof(false)))
      return this.#answerRefusal("the -encrypt keys of the two agents differ");
    const fault = purpose.carries === "certificate" ? undefined : this.#certificateFault;
    const refusal = fault ?? this.#options.refusalOf?.(purpose);
    if (refusal !== undefined) return this.#answerRefusal(refusal);
    if (!this.#hasDialled) this.#greet();
    this.#isOver = true;
    this.#timer.cancel();
    this.#options.onGreeted(this.socket, purpose);
    const rest = this.#frames.takeRest();
    if (rest.length > 0) this.socket.user.receive(rest);
  }

  /** Refuses the connection, and sends the other agent the reason. */
  #answerRefusal(reason: string): void {
    this.socket.write(encodeFrame(frameTypes.failure, 0, Buffer.from(JSON.stringify({ refused: reason }))));
    this.#refuse(reason);
  }

  #refuse(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer.cancel();
    this.socket.close();
    this.#options.onRefused(reason);
  }

  /** Returns a proof; "" without a cluster key. @param isOwn true: this agent's proof; false: the proof expected of the peer */
  #proof(isOwn: boolean): string {
    const { key } = this.#options;
    if (!key) return "";
    const role = this.#hasDialled === isOwn ? "dialler" : "listener";
    const material = this.socket.keyingMaterial(32, keyingLabel, role);
    return createHmac("sha256", key).update(material).digest("base64");
  }
}

interface Greeting {
  readonly praetor?: unknown;
  readonly proof?: unknown;
  readonly purpose?: unknown;
  readonly refused?: string;
}

/** Decodes a greeting. @throws SyntaxError if the payload is not a JSON object */
function parseGreeting(payload: Uint8Array): Greeting {
  const value: unknown = JSON.parse(new TextDecoder().decode(payload));
  if (!isObject(value)) throw new SyntaxError("no object");
  return value;
}

/** Decodes the purpose in a greeting; undefined for an unknown one. */
function purposeOf(value: unknown): Purpose | undefined {
  if (!isObject(value)) return undefined;
  const { carries, to } = value;
  if (carries === "link" || carries === "certificate") return { carries };
  return carries === "raft" && typeof to === "string" ? { carries, to } : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isEqual(given: unknown, wanted: string): boolean {
  if (typeof given !== "string" || given.length !== wanted.length) return false;
  return timingSafeEqual(Buffer.from(given), Buffer.from(wanted));
}
