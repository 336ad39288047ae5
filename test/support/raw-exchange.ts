import { patienceMs } from "./patience.ts";

/** The status and the body of an HTTP response. */
export interface RawAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * Sends bytes unchanged on a new connection, and reads until the answer is complete or the connection ends. Returns
 * undefined when the connection ends without an answer. `timeoutMs` is the time limit on a quiet machine, in milliseconds.
 * @throws Error when the answer is incomplete at the time limit
 */
export async function rawExchange(
  port: number,
  request: Uint8Array,
  options: { readonly timeoutMs: number; readonly isHead?: boolean },
): Promise<RawAnswer | undefined> {
  const ended = Promise.withResolvers<void>();
  let received = "";
  let pending = request;
  const send = (socket: Bun.Socket): void => {
    while (pending.length > 0) {
      const written = socket.write(pending);
      if (written <= 0) return;
      pending = pending.subarray(written);
    }
  };
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_, chunk) {
        received += chunk.toString("latin1");
        if (isWhole(received, options.isHead ?? false)) ended.resolve();
      },
      drain: send,
      close: () => ended.resolve(),
      error: () => ended.resolve(),
    },
  });
  send(socket);
  const waitMs = patienceMs(options.timeoutMs);
  const timer = setTimeout(() => ended.reject(new Error(`nothing within ${Math.round(waitMs)} ms`)), waitMs);
  try {
    await ended.promise;
  } finally {
    clearTimeout(timer);
    socket.terminate();
  }
  return parse(received);
}

function parse(received: string): RawAnswer | undefined {
  const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(received) ?? [];
  if (status === undefined) return undefined;
  return { status: Number(status), body: received.slice(received.indexOf("\r\n\r\n") + 4) };
}

/** Returns whether the answer is complete. The answers in these tests have a Content-Length, or no body. */
function isWhole(received: string, isHead: boolean): boolean {
  const headEnd = received.indexOf("\r\n\r\n");
  if (headEnd < 0) return false;
  const length = /^content-length: (\d+)\r$/im.exec(received.slice(0, headEnd + 2))?.[1];
  return isHead || received.length - headEnd - 4 >= Number(length ?? 0);
}
