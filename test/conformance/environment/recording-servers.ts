import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { localhostCertificate, otherCertificate } from "../../support/certificates.ts";

/** A request as a server received it. Ports and paths of this run are written as names: "localhost:{https}". */
export interface SeenRequest {
  readonly at: "http" | "https" | "unix" | "proxy";
  /** The request line without the version. */
  readonly line: string;
  readonly host?: string;
  readonly token?: string;
  readonly authorization?: string;
  readonly proxyAuthorization?: string;
  /** The server name that the client sent in the TLS handshake. */
  readonly sni?: string;
  /** The common name of the client's certificate. */
  readonly certificate?: string;
}

const answer = JSON.stringify([
  { LockIndex: 0, Key: "a", Flags: 0, Value: btoa("found"), CreateIndex: 1, ModifyIndex: 1 },
]);

/**
 * Agents over HTTP, HTTPS (with an optional client certificate) and a unix socket, and an HTTP proxy, with the files
 * that variables name. Each server records its requests. The proxy answers plain requests itself and tunnels to the
 * HTTPS agent.
 */
export class RecordingServers implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "environment-"));
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  #names: ReadonlyMap<string, string> = new Map();
  #seen: SeenRequest[] = [];

  static async start(): Promise<RecordingServers> {
    const servers = new RecordingServers();
    await servers.#start();
    return servers;
  }

  /** Returns the requests that all servers received since the last call. */
  takeSeen(): readonly SeenRequest[] {
    const seen = this.#seen;
    this.#seen = [];
    return seen;
  }

  /** Replaces the names in a text such as "https://localhost:{https}" by the ports and paths of this run. */
  expand(text: string): string {
    return [...this.#names].reduce((all, [name, value]) => all.replaceAll(`{${name}}`, value), text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
    rmSync(this.#folder, { recursive: true });
  }

  async #start(): Promise<void> {
    const socket = join(this.#folder, "agent.sock");
    const tls = { ...localhostCertificate, requestCert: true, rejectUnauthorized: false };
    const ports = {
      http: await this.#listen(createServer((each) => this.#answer(each, "http"))),
      https: await this.#listen(createTlsServer(tls, (each) => this.#answer(each, "https"))),
      proxy: await this.#listen(createServer((each) => this.#answer(each, "proxy"))),
      socket: await this.#listen(
        createServer((each) => this.#answer(each, "unix")),
        socket,
      ),
    };
    this.#names = new Map([...Object.entries(ports), ...this.#writeFiles()]);
  }

  /** Writes the files and folders that variables can name, and returns their names and paths. */
  #writeFiles(): readonly (readonly [name: string, path: string])[] {
    const files = {
      ca: localhostCertificate.cert,
      otherCa: otherCertificate.cert,
      cert: otherCertificate.cert,
      key: otherCertificate.key,
      cert2: localhostCertificate.cert,
      key2: localhostCertificate.key,
      token: "from-file\n",
      token2: "  from-flagged-file \n",
      empty: "",
      text: "no PEM\n",
      "caFolder/ca.pem": localhostCertificate.cert,
      "otherCaFolder/ca.pem": otherCertificate.cert,
    };
    for (const name of ["caFolder", "otherCaFolder"]) mkdirSync(join(this.#folder, name));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.#folder, name), text);
    return [...Object.keys(files), "caFolder", "otherCaFolder", "missing"].map((name) => [
      name,
      join(this.#folder, name),
    ]);
  }

  /** Makes the server listen at the path, or at a free port, and resolves with the path or the port. */
  async #listen(server: Server, path?: string): Promise<string> {
    this.#servers.push(server);
    server.on("connection", (socket: Socket) => this.#keep(socket));
    await new Promise<void>((resolve) => {
      if (path === undefined) server.listen(0, "127.0.0.1", resolve);
      else server.listen(path, resolve);
    });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server on a port has an address of this kind
    return path ?? String((server.address() as AddressInfo).port);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => this.#sockets.delete(socket));
  }

  #answer(socket: Socket | TLSSocket, at: SeenRequest["at"]): void {
    let head = "";
    const read = (bytes: Buffer): void => {
      head += bytes.toString("latin1");
      // Go's servers give this answer to a client that speaks TLS on a plain-text port.
      if (head.startsWith("\x16\x03")) return void socket.end("HTTP/1.0 400 Bad Request\r\n\r\n");
      if (!head.includes("\r\n\r\n")) return;
      socket.off("data", read);
      this.#seen.push(this.#requestOf(head, socket, at));
      if (head.startsWith("CONNECT ")) return this.#tunnel(socket);
      const headers = `Content-Type: application/json\r\nContent-Length: ${answer.length}\r\nConnection: close`;
      socket.end(`HTTP/1.1 200 OK\r\n${headers}\r\n\r\n${answer}`);
    };
    socket.on("error", () => undefined).on("data", read);
  }

  #requestOf(head: string, socket: Socket | TLSSocket, at: SeenRequest["at"]): SeenRequest {
    const masked = [...this.#names].reduce((all, [name, value]) => all.replaceAll(value, `{${name}}`), head);
    const [line = "", ...lines] = masked.split("\r\n");
    const headers = new Map(lines.map((each) => [nameOf(each), each.slice(each.indexOf(":") + 1).trim()]));
    const sni = "servername" in socket && typeof socket.servername === "string" ? socket.servername : "";
    const certificate = "getPeerCertificate" in socket ? socket.getPeerCertificate()?.subject?.CN : undefined;
    const found = {
      host: headers.get("host"),
      token: headers.get("x-consul-token"),
      authorization: headers.get("authorization"),
      proxyAuthorization: headers.get("proxy-authorization"),
      sni: sni || undefined,
      certificate: certificate === undefined ? undefined : String(certificate),
    };
    const present = Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
    return { at, line: line.replace(/ HTTP\/1\.1$/, ""), ...present };
  }

  /** Connects every tunnel to the HTTPS agent, whatever target the client requests. */
  #tunnel(socket: Socket): void {
    const onward = connect(Number(this.expand("{https}")), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(onward).pipe(socket);
    });
    this.#keep(onward);
    onward.on("error", () => socket.destroy());
  }
}

function nameOf(header: string): string {
  return header.slice(0, Math.max(header.indexOf(":"), 0)).toLowerCase();
}
