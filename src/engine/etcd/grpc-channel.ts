import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import http2 from "node:http2";
import net from "node:net";
import tls from "node:tls";
import type { Clock } from "../../lib/clock.ts";
import { FrameReader, frameOf } from "./grpc-frame.ts";

/** Codes of gRPC's status that Praetor distinguishes. */
export const grpcCode = {
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** The failure of a call. `details` is the server's text or, if the server has not answered, the reason. */
export class GrpcError extends Error {
  readonly code: number;
  readonly details: string;

  constructor(code: number, details: string) {
    super(`${details} (gRPC code ${code})`);
    this.code = code;
    this.details = details;
  }
}

export type Method<Input extends DescMessage, Output extends DescMessage> = DescMethod & {
  readonly input: Input;
  readonly output: Output;
};

/** The authority's certificate, and the client's certificate and key, in PEM. */
export interface EtcdTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export type Metadata = Readonly<Record<string, string>>;

export interface StreamEvents<Output extends DescMessage> {
  message(message: MessageShape<Output>): void;
  /** Called once, when the call has ended: with undefined after a success, else with the error. Not called after `cancel`. */
  end(error: GrpcError | undefined): void;
}

export interface GrpcStream<Input extends DescMessage> {
  send(message: MessageInitShape<Input>): void;
  /** Tells the server that no more messages follow. */
  endSending(): void;
  cancel(): void;
}

/** Bytes of one stream that a server may send before they are read. */
const streamWindow = 8 << 20;
/** Bytes of all streams of a connection that a server may send before they are read. */
const connectionWindow = 16 << 20;
/** Megabytes of memory that one connection may use. Bun and Node allow 10 by default, which one large answer exceeds. */
const sessionMegabytesMax = 256;

/**
 * gRPC over one HTTP/2 connection to one server. The first call opens the connection, and the first call after a loss opens it
 * again. In a trial with etcd, 64 calls in flight took half the processor time that they take with @grpc/grpc-js.
 */
export class GrpcChannel {
  readonly #connect: () => http2.ClientHttp2Session;
  readonly #clock: Clock;
  #session: http2.ClientHttp2Session | undefined;
  #closed = false;

  /** @param address "unix:PATH" or "HOST:PORT" */
  constructor(address: string, { clock, tls }: { readonly clock: Clock; readonly tls?: EtcdTls | undefined }) {
    const options = {
      createConnection: () => connect(address, tls),
      settings: { initialWindowSize: streamWindow },
      maxSessionMemory: sessionMegabytesMax,
    };
    const authority = address.startsWith("unix:") ? "localhost" : address;
    this.#connect = () => http2.connect(`${tls ? "https" : "http"}://${authority}`, options);
    this.#clock = clock;
  }

  /**
   * Sends one message and resolves with the answer.
   * @throws GrpcError deadlineExceeded when no answer has come after `deadlineMs`
   */
  unary<Input extends DescMessage, Output extends DescMessage>(
    method: Method<Input, Output>,
    message: MessageInitShape<Input>,
    { deadlineMs, metadata = {} }: { readonly deadlineMs: number; readonly metadata?: Metadata },
  ): Promise<MessageShape<Output>> {
    return new Promise((resolve, reject) => {
      let answer: MessageShape<Output> | undefined;
      const stream = this.stream(method, metadata, {
        message: (each) => (answer = each),
        end: (error) => {
          late.cancel();
          if (answer && !error) resolve(answer);
          else reject(error ?? new GrpcError(grpcCode.internal, "the server ended the call without an answer"));
        },
      });
      const late = this.#clock.schedule(deadlineMs, () => {
        stream.cancel();
        reject(new GrpcError(grpcCode.deadlineExceeded, `no answer within ${deadlineMs} ms`));
      });
      stream.send(message);
      stream.endSending();
    });
  }

  /** Begins a call and returns its stream. @throws GrpcError cancelled after `close` */
  stream<Input extends DescMessage, Output extends DescMessage>(
    method: Method<Input, Output>,
    metadata: Metadata,
    events: StreamEvents<Output>,
  ): GrpcStream<Input> {
    const path = `/${method.parent.typeName}/${method.name}`;
    const fixed = { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" };
    const stream = this.#open().request({ ...fixed, ...metadata }, { endStream: false });
    const end = once(events.end.bind(events));
    const message = (bytes: Uint8Array): void => {
      const decoded = decode(method.output, bytes);
      if (decoded) events.message(decoded);
      else end.call(new GrpcError(grpcCode.internal, "the server sent an undecodable message: is it an etcd?"));
    };
    receive(stream, { message, end: end.call });
    return {
      send: (message) => void stream.write(frameOf(toBinary(method.input, create(method.input, message)))),
      endSending: () => void stream.end(),
      cancel() {
        end.prevent();
        stream.close(http2.constants.NGHTTP2_CANCEL);
      },
    };
  }

  /** Closes the connection: calls under way fail, and the next call opens another. */
  reset(): void {
    this.#session?.destroy();
    this.#session = undefined;
  }

  /** Closes the connection for good: calls under way fail, and so do later calls. */
  close(): void {
    this.#closed = true;
    this.reset();
  }

  #open(): http2.ClientHttp2Session {
    if (this.#closed) throw new GrpcError(grpcCode.cancelled, "the channel is closed");
    if (this.#session?.destroyed || this.#session?.closed) this.#session = undefined;
    if (this.#session) return this.#session;
    const session = this.#connect();
    this.#session = session;
    const forget = (): void => {
      if (this.#session === session) this.#session = undefined;
    };
    // Bun does not always emit "close" after "error".
    session.on("error", () => {
      forget();
      session.destroy();
    });
    session.on("close", forget);
    session.on("goaway", forget);
    session.on("connect", () => session.setLocalWindowSize(connectionWindow));
    return session;
  }
}

function connect(address: string, options: EtcdTls | undefined): net.Socket {
  if (address.startsWith("unix:")) return net.connect(address.slice("unix:".length));
  const at = address.lastIndexOf(":");
  const host = address.slice(0, at).replace(/^\[|\]$/g, "");
  const port = Number(address.slice(at + 1));
  if (!options) return net.connect(port, host);
  const servername = net.isIP(host) === 0 ? { servername: host } : {};
  return tls.connect({ host, port, ALPNProtocols: ["h2"], ...servername, ...options });
}

interface Receiver {
  readonly message: (bytes: Uint8Array) => void;
  readonly end: (error: GrpcError | undefined) => void;
}

/** Calls `message` with each message of the stream, then `end` with gRPC's status. May call `end` more than once. */
function receive(stream: http2.ClientHttp2Stream, { message, end }: Receiver): void {
  let status: string | undefined;
  let text = "";
  const read = (headers: http2.IncomingHttpHeaders): void => {
    if (headers["grpc-status"] === undefined) return;
    status = String(headers["grpc-status"]);
    text = decodeText(String(headers["grpc-message"] ?? ""));
  };
  stream.on("response", (headers) => {
    const http = headers[":status"];
    if (http !== 200) end(new GrpcError(grpcCode.unavailable, `the server answers with HTTP status ${http}`));
    read(headers);
  });
  stream.on("trailers", read);
  const reader = new FrameReader();
  stream.on("data", (chunk: Buffer) => {
    for (const bytes of reader.push(chunk)) message(bytes);
  });
  const lost = new GrpcError(grpcCode.unavailable, "the connection was lost");
  stream.on("error", (error: Error) => end(new GrpcError(grpcCode.unavailable, error.message)));
  stream.on("end", () => {
    if (status !== undefined) end(status === "0" ? undefined : new GrpcError(Number(status), text));
  });
  stream.on("close", () => end(status === "0" ? undefined : lost));
}

/** Returns the decoded message; undefined if the octets are not a message of this type. */
function decode<Output extends DescMessage>(output: Output, bytes: Uint8Array): MessageShape<Output> | undefined {
  try {
    return fromBinary(output, bytes);
  } catch {
    return undefined;
  }
}

/** Decodes gRPC's status text, which is percent-encoded; returns it unchanged if it cannot be decoded. */
function decodeText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Returns `call`, which calls `run` the first time only, and `prevent`, after which `call` does nothing. */
function once<Value>(run: (value: Value) => void): {
  readonly call: (value: Value) => void;
  readonly prevent: () => void;
} {
  let isDone = false;
  return {
    call(value) {
      if (isDone) return;
      isDone = true;
      run(value);
    },
    prevent: () => void (isDone = true),
  };
}
