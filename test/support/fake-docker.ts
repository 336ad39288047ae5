import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A container's fake behaviour: the output and exit code of its command, or the failure of the API. */
export interface FakeContainer {
  readonly create?: readonly [status: number, body: string];
  readonly start?: readonly [status: number, body: string];
  readonly inspect?: readonly [status: number, body: string];
  /** The output of the command, sent in these pieces. */
  readonly output?: readonly Uint8Array[];
  readonly exitCode?: number;
  /** How many times the API reports the command as still running. */
  readonly runsLonger?: number;
  /** The request at which the API closes the connection. "hangs": it sends the output, then nothing, and closes no connection. */
  readonly breaks?: "create" | "start" | "hangs";
}

export interface FakeDocker {
  /** The address of the Unix socket, in the form of DOCKER_HOST; `tcpHost` is the address of the TCP port. */
  readonly unixHost: string;
  readonly tcpHost: string;
  /** The method, path, Host header and body of each request, separated by spaces. */
  readonly requests: readonly string[];
  /** Resolves when a container that hangs has sent its output. */
  hanging(): Promise<void>;
  close(): void;
}

/** Serves the part of the Docker API that checks use, on a Unix socket and a TCP port. */
export async function openFakeDocker(containers: Readonly<Record<string, FakeContainer>>): Promise<FakeDocker> {
  const folder = mkdtempSync(join(tmpdir(), "fake-docker-"));
  const socketPath = join(folder, "docker.sock");
  const requests: string[] = [];
  const longer = new Map<string, number>();
  const hangs = Promise.withResolvers<void>();

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const [, noun, name = "", verb] = (request.url ?? "").split("/");
    const id = decodeURIComponent(name).replace(/^exec-/, "");
    const container = containers[id] ?? {};
    const send = ([status, body]: readonly [number, string]): void => void response.writeHead(status).end(body);
    if (container.breaks === (noun === "containers" ? "create" : verb)) return void request.socket.destroy();
    if (noun === "containers") return send(container.create ?? [201, JSON.stringify({ Id: `exec-${id}` })]);
    if (verb === "start" && container.start) return send(container.start);
    if (verb === "start") {
      response.writeHead(200, { "Content-Type": "application/vnd.docker.raw-stream" });
      for (const piece of container.output ?? []) response.write(piece);
      return container.breaks === "hangs" ? hangs.resolve() : void response.end();
    }
    const left = longer.get(id) ?? container.runsLonger ?? 0;
    longer.set(id, left - 1);
    const state = left > 0 ? { Running: true, ExitCode: null } : { Running: false, ExitCode: container.exitCode ?? 0 };
    send(container.inspect ?? [200, JSON.stringify(state)]);
  }

  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (bytes) => (body += bytes));
    request.on("end", () => {
      requests.push(`${request.method} ${request.url} ${request.headers.host} ${body}`);
      answer(request, response);
    });
  });
  server.listen(socketPath);
  await once(server, "listening");
  const tcp = createTcpServer((socket) => void server.emit("connection", socket));
  tcp.listen(0, "127.0.0.1");
  await once(tcp, "listening");
  return {
    unixHost: `unix://${socketPath}`,
    tcpHost: `tcp://127.0.0.1:${(tcp.address() as AddressInfo).port}`, // address() is a string only for a Unix socket
    requests,
    hanging: () => hangs.promise,
    close: () => {
      server.close();
      server.closeAllConnections();
      tcp.close();
      rmSync(folder, { recursive: true });
    },
  };
}
