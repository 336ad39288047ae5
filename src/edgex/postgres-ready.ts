import { connect, type Socket } from "node:net";
import type { Clock } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";

export interface PostgresTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

export interface Patience {
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** The server is starting up or shutting down. */
const cannotConnectNow = "57P03";

/**
 * Resolves when the server takes connections, by the rules of PostgreSQL's own pg_isready: it is asked for a connection
 * (protocol 3.0), and any first answer will do, also that the user is unknown, except that it cannot connect anybody now.
 * @throws OperatingError unavailable or timeout
 */
export function askPostgresReady(target: PostgresTarget, { clock, timeoutMs }: Patience): Promise<void> {
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
    onFirstAnswer(socket, (answer) => end(problemIn(where, answer)));
  });
}

/** Length, protocol version, then names and values that each end in a zero byte, and one more zero. */
function startupMessage({ user, database }: PostgresTarget): Buffer {
  const parameters = Buffer.from(`user\0${user}\0database\0${database}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + parameters.length, 0);
  head.writeInt32BE(3 << 16, 4);
  return Buffer.concat([head, parameters]);
}

/** A message of the server: one byte of kind, four of length (themselves included, the kind not), the body. */
function onFirstAnswer(socket: Socket, tell: (message: Buffer) => void): void {
  let received = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    if (received.length < 5) return;
    const length = 1 + received.readInt32BE(1);
    if (received.length >= length) tell(received.subarray(0, length));
  });
}

/** The body of an error is a list of fields, each one byte of kind and a text that ends in a zero byte. */
function problemIn(where: string, message: Buffer): OperatingError | undefined {
  if (message.toString("latin1", 0, 1) !== "E") return undefined;
  const fields = message.toString("utf8", 5).split("\0");
  if (!fields.includes(`C${cannotConnectNow}`)) return undefined;
  const text = fields.find((field) => field.startsWith("M"))?.slice(1) ?? "";
  return new OperatingError("unavailable", "postgres-not-ready", `${where} - rejecting connections: ${text}`);
}
