import { readFileSync } from "node:fs";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, getCACertificates } from "node:tls";
import type { IClientOptions, MqttClient } from "mqtt";
import { messageOf, OperatingError } from "../lib/errors.ts";
import { nextTurn } from "../lib/next-turn.ts";
import { AnsweringSocket } from "./answering-socket.ts";
import type { BrokerConnection } from "./broker-connection.ts";

export interface Credentials {
  readonly username: string | undefined;
  readonly password: string | undefined;
}

export interface MqttOptions {
  /** The broker's URL: "mqtt://host:port" or "mqtts://host:port". */
  readonly url: URL;
  readonly clientId: string;
  /** Returns the user name and password. Called for each connection, so that a changed password takes effect. */
  readonly credentials: () => Credentials;
  /** A file of CA certificates that are trusted in addition to the system's. */
  readonly caFile: string | undefined;
}

const keepAliveSeconds = 30;
/** Connection timeout in milliseconds, which the MQTT package requires. The caller aborts earlier, by its own timeout. */
const connectMsMax = 60_000;

/**
 * Opens one connection by MQTT 3.1.1 with a clean session. The connection neither reconnects nor repeats unacknowledged messages:
 * the caller opens a new connection and sends these messages again.
 * @throws OperatingError forbidden when the broker refuses the credentials, unavailable when the connection fails for another
 * reason; also when `signal` aborts
 */
export async function connectMqtt(options: MqttOptions, signal: AbortSignal): Promise<BrokerConnection> {
  // The MQTT package is loaded lazily, since an agent without a broker does not need it.
  const { MqttClient } = await import("mqtt");
  const { username, password } = options.credentials();
  signal.throwIfAborted();
  const settings: IClientOptions = {
    clientId: options.clientId,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    keepalive: keepAliveSeconds,
    reconnectPeriod: 0,
    connectTimeout: connectMsMax,
    clean: true,
    // With true, the MQTT package would keep a table of the encodings of all 65,536 16-bit numbers in memory.
    writeCache: false,
  };
  const socket = new AnsweringSocket(openSocket(options));
  const connection = new MqttConnection(new MqttClient(() => socket, settings), socket);
  await connection.accepted(signal);
  return connection;
}

function openSocket({ url, caFile }: MqttOptions): Socket {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (url.protocol === "mqtt:") return connectTcp({ host, port: Number(url.port || 1_883) });
  const ca = [...getCACertificates("bundled"), ...getCACertificates("system")];
  if (caFile !== undefined) ca.push(readFileSync(caFile, "utf8"));
  const name = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({ host, port: Number(url.port || 8_883), ca, ...name });
}

class MqttConnection implements BrokerConnection {
  readonly #client: MqttClient;
  readonly #socket: AnsweringSocket;
  #underWay = 0;
  #isOver = false;
  readonly #ended: PromiseWithResolvers<string> = Promise.withResolvers();
  readonly #accepted: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(client: MqttClient, socket: AnsweringSocket) {
    this.#client = client;
    this.#socket = socket;
    client.on("connect", () => this.#accepted.resolve());
    client.on("error", (error) => this.#fail(failureOf(error)));
    // The MQTT package does not report errors without a code.
    socket.on("error", (error) => this.#fail(failureOf(error)));
    client.on("close", () => this.#fail(unavailable("the broker closed the connection")));
  }

  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  /** Resolves when the broker has accepted the connection. */
  async accepted(signal: AbortSignal): Promise<void> {
    const abort = (): void => this.#fail(failureOf(signal.reason));
    signal.addEventListener("abort", abort, { once: true });
    try {
      await this.#accepted.promise;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  publish(topic: string, message: Uint8Array): Promise<void> {
    const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
    this.#underWay += 1;
    return new Promise((resolve) => {
      // After the connection has ended, the MQTT package throws on publish, because it has released its message store.
      if (this.#isOver) return;
      this.#client.publish(topic, bytes, { qos: 1 }, (error) => {
        this.#underWay -= 1;
        if (error) this.#fail(failureOf(error));
        else resolve();
      });
    });
  }

  async close(): Promise<void> {
    // Sends DISCONNECT only if all messages are acknowledged: otherwise the MQTT package would wait for a hanging broker.
    this.#client.end(!this.#client.connected || this.#underWay > 0);
    await nextTurn();
    this.#fail(unavailable("the connection was closed"));
  }

  #fail(error: OperatingError): void {
    this.#isOver = true;
    this.#accepted.reject(error);
    this.#ended.resolve(error.message);
    this.#socket.destroy();
    this.#client.end(true);
  }
}

/** MQTT's return codes for a refused connection: 4 for a bad user name or password, 5 for not authorized. */
const refusals: readonly unknown[] = [4, 5];

function failureOf(thrown: unknown): OperatingError {
  if (thrown instanceof OperatingError) return thrown;
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  if (!refusals.includes(code)) return unavailable(messageOf(thrown), thrown);
  const advice = "check username and password of edgex.message_bus";
  return new OperatingError("denied", "broker-refuses", `${messageOf(thrown)}; ${advice}`, { cause: thrown });
}

function unavailable(message: string, cause?: unknown): OperatingError {
  return new OperatingError("unavailable", "broker-unreachable", message, { cause });
}
