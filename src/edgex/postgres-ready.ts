import { connect, type Socket } from "node:net";
import type { Clock } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";

export interface PostgresTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

export interface ReadyOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** PostgreSQL's error code of a server that is starting up or shutting down. */
const cannotConnectNow = "57P03";

/**
 * Resolves if the server accepts connections, by the rules of PostgreSQL's pg_isready: sends a startup message of protocol 3.0
 * and counts any answer as ready, even the error for an unknown user, except the error "cannot connect now".
 * @throws OperatingError unavailable or timeout
 */
export function askPostgresReady(target: PostgresTarget, { clock, timeoutMs }: ReadyOptions): Promise<void> {
  const where = `${target.host}:${target.port}`;
  return new Promise((resolve, reject) => {
    const socket = connect(target.port, target.host);
    const end = (problem?: OperatingError): void => {
      timer.cancel();
      socket.destroy();
      if (problem) reject(problem);
      else resolve();
    };
    const noResponse = (why: string): void =>
      end(new OperatingError("unavailable", "postgres-not-ready", `${where} - no response: ${why}`));
    const timer = clock.schedule(timeoutMs, () => noResponse(`none within ${timeoutMs} ms`));
    socket.once("connect", () => socket.write(startupMessage(target)));
    socket.once("error", (error) => noResponse(error.message));
    socket.once("close", () => noResponse("connection closed"));
    onFirstMessage(socket, (answer) => end(problemIn(where, answer)));
  });
}

/** Encodes a startup message: length, protocol version, names and values that each end in a zero byte, and a final zero byte. */
function startupMessage({ user, database }: PostgresTarget): Buffer {
  const parameters = Buffer.from(`user\0${user}\0database\0${database}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + parameters.length, 0);
  head.writeInt32BE(3 << 16, 4);
  return Buffer.concat([head, parameters]);
}

/**
 * Calls `receive` with the server's first message: one byte of type, four bytes of length (which counts these four and the body),
 * the body.
 */
function onFirstMessage(socket: Socket, receive: (message: Buffer) => void): void {
  let received = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    if (received.length < 5) return;
    const length = 1 + received.readInt32BE(1);
    if (received.length >= length) receive(received.subarray(0, length));
  });
}

/**
 * Returns an error if the message is the error "cannot connect now", and undefined for all other messages. The body of an error
 * message is a list of fields, each a byte of type and a text that ends in a zero byte.
 */
function problemIn(where: string, message: Buffer): OperatingError | undefined {
  if (message.toString("latin1", 0, 1) !== "E") return undefined;
  const fields = message.toString("utf8", 5).split("\0");
  if (!fields.includes(`C${cannotConnectNow}`)) return undefined;
  const text = fields.find((field) => field.startsWith("M"))?.slice(1) ?? "";
  return new OperatingError("unavailable", "postgres-not-ready", `${where} - rejecting connections: ${text}`);
}
