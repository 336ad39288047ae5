import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { CheckUrl, SentRequest } from "./recording.ts";

/** The header of a request with the position in `urls` of the check that sent it. */
export const caseHeader = "X-Case";

/**
 * A TCP server that records the requests of HTTP checks as they were sent. It redirects a check's first request if the
 * check's entry in `urls` has a location, and answers every other request with status 200.
 */
export class RecordingServer {
  readonly requests: readonly SentRequest[][];
  readonly #urls: readonly CheckUrl[];
  readonly #server: Server;

  private constructor(urls: readonly CheckUrl[]) {
    this.#urls = urls;
    this.requests = urls.map(() => []);
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async open(urls: readonly CheckUrl[]): Promise<RecordingServer> {
    const server = new RecordingServer(urls);
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port; // address() is a string only for a Unix socket
  }

  close(): void {
    this.#server.close();
  }

  #serve(socket: Socket): void {
    let head = "";
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      head += bytes.toString("latin1");
      if (head.includes("\r\n\r\n")) socket.end(this.#answer(head));
    });
  }

  #answer(head: string): Buffer {
    const [line = "", ...headers] = head.slice(0, head.indexOf("\r\n\r\n")).split("\r\n");
    const valuesOf = (name: string): string[] =>
      headers.flatMap((header) => (header.startsWith(`${name}: `) ? [header.slice(name.length + 2)] : []));
    const at = Number(valuesOf(caseHeader)[0]);
    const [authorization] = valuesOf("Authorization");
    const [referer] = valuesOf("Referer");
    const seen = this.requests[at];
    seen?.push({
      line,
      host: valuesOf("Host"),
      ...(authorization !== undefined && { authorization }),
      ...(referer !== undefined && { referer }),
    });
    const { location, status = 302 } = this.#urls[at] ?? {};
    if (location === undefined || seen?.length !== 1)
      return Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    const target = withPort(location, this.port);
    return Buffer.from(`HTTP/1.1 ${status} Found\r\nLocation: ${target}\r\nContent-Length: 0\r\n\r\n`);
  }
}

export function withPort(text: string, port: number): string {
  return text.replaceAll("PORT", String(port));
}
