import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { freePorts } from "../../test/support/free-ports.ts";
import { explainListenFailure, findPortHolders, findSocketHolder, nameProgram } from "./port-holders.ts";

const folder = mkdtempSync(join(tmpdir(), "holders-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The process that runs this test. */
const program = { pid: process.pid, name: readFileSync("/proc/self/comm", "utf8").trim() };
const flags = { portFlags: "-http-port", addressFlag: "-client" };

/*
 * The ports are of freePorts. A port that the system assigns may also be the local port of another test's connection, at another
 * address or to another peer, and would then have a second holder.
 */

async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

async function listenTcp(hostname: string): Promise<Bun.TCPSocketListener> {
  return Bun.listen({ hostname, port: await freePort(), socket: { data() {} } });
}

/** Starts another program that runs `code` and prints a number once it holds its port or socket. */
async function startProgram(code: string): Promise<{ name: string; printed: number; stop: () => Promise<void> }> {
  const child = Bun.spawn([process.execPath, "-e", code], { stdout: "pipe" });
  const { value } = await child.stdout.getReader().read();
  return {
    name: `${basename(process.execPath)} (process ${child.pid})`,
    printed: Number(new TextDecoder().decode(value)),
    async stop() {
      child.kill();
      await child.exited;
    },
  };
}

function failure(code: string, port: number, address = "127.0.0.1"): string {
  const error = Object.assign(new Error(`Failed to listen at ${address}`), { code });
  return explainListenFailure({ network: "tcp", address, port, error, ...flags });
}

describe("the program that holds a port", () => {
  test.each([
    ["127.0.0.1", "127.0.0.1", "127.0.0.1"],
    ["0.0.0.0", "127.0.0.1", "0.0.0.0"],
    ["127.0.0.1", "0.0.0.0", "127.0.0.1"],
    ["::1", "::1", "[::1]"],
    ["::", "::1", "[::]"],
    ["::", "127.0.0.1", "[::]"],
    ["::1", "::", "[::1]"],
  ])("on %s is found when the port is wanted on %s", async (held, wanted, local) => {
    using listener = await listenTcp(held);
    const { port } = listener;
    const found = findPortHolders({ network: "tcp", address: wanted, port });
    expect(found).toMatchObject([{ local: `${local}:${port}`, state: "listening", program }]);
  });

  test.each([
    ["127.0.0.1", "127.0.0.2"],
    ["127.0.0.1", "::1"],
    ["::1", "127.0.0.1"],
    ["::1", "0.0.0.0"],
  ])("on %s is not found when the port is wanted on %s", async (held, wanted) => {
    using listener = await listenTcp(held);
    const { port } = listener;
    expect(findPortHolders({ network: "tcp", address: wanted, port })).toEqual([]);
  });

  test("is found for a UDP port, and not for the TCP port of the same number", async () => {
    const socket = await Bun.udpSocket({ hostname: "127.0.0.1", port: await freePort() });
    const place = { address: "127.0.0.1", port: socket.port };
    expect(findPortHolders({ network: "udp", ...place })).toMatchObject([{ state: "listening", program }]);
    expect(findPortHolders({ network: "tcp", ...place })).toEqual([]);
    socket.close();
    expect(findPortHolders({ network: "udp", ...place })).toEqual([]);
  });

  test("is found if it holds the port by a connection, which is listed after a listening socket", async () => {
    const server = await listening();
    const { port } = server.address() as AddressInfo;
    const client = connect({ port, host: "127.0.0.1", localPort: await freePort() });
    await once(client, "connect");
    const own = findPortHolders({ network: "tcp", address: "127.0.0.1", port: client.localPort ?? 0 });
    expect(own).toMatchObject([{ state: "connected", remote: `127.0.0.1:${port}`, program }]);
    const both = findPortHolders({ network: "tcp", address: "127.0.0.1", port });
    expect(both.map(({ state }) => state)).toEqual(["listening", "connected"]);
    client.destroy();
    server.close();
  });
});

async function listening(): Promise<Server> {
  const server = createServer((socket) => socket.resume()).listen(await freePort(), "127.0.0.1");
  await once(server, "listening");
  return server;
}

describe("the program that holds a Unix socket", () => {
  test("is found while it listens, and not when only the socket's file is left", async () => {
    const path = join(folder, "a b.sock");
    const code = `Bun.listen({ unix: ${JSON.stringify(path)}, socket: { data() {} } }); console.log(1);`;
    const holder = await startProgram(code);
    expect(nameProgram(findSocketHolder(path)?.program)).toBe(holder.name);
    await holder.stop();
    expect(findSocketHolder(path)).toBeUndefined();
  });
});

describe("the explanation of a failed listen", () => {
  test("names the program that listens on the port, and its address if that differs from the wanted one", async () => {
    const code = `console.log(Bun.listen({ hostname: "0.0.0.0", port: ${await freePort()}, socket: { data() {} } }).port)`;
    const { name, printed: port, stop } = await startProgram(code);
    const advice = "Stop that program, or choose another address with -http-port or -client.";
    expect(failure("EADDRINUSE", port, "0.0.0.0")).toBe(`another program listens there: ${name}. ${advice}`);
    expect(failure("EADDRINUSE", port)).toBe(`another program listens there: ${name}, on 0.0.0.0:${port}. ${advice}`);
    await stop();
    expect(failure("EADDRINUSE", port)).toStartWith("the port is in use. Stop the program that has it, or");
  });

  test("says so if this process itself already listens on the port", async () => {
    const server = await listening();
    const { port } = server.address() as AddressInfo;
    expect(failure("EADDRINUSE", port)).toStartWith("this program listens there already: choose another address");
    server.close();
  });

  test("for a port that a connection occupies names the peer and the range of ports to avoid", async () => {
    const server = await listening();
    const { port } = server.address() as AddressInfo;
    // The system shares the port of a socket that is bound to an address with no other connection from this address.
    const client = connect({ port, host: "127.0.0.1", localAddress: "127.0.0.1" });
    await once(client, "connect");
    const text = failure("EADDRINUSE", client.localPort ?? 0);
    client.destroy();
    server.close();
    expect(text).toStartWith(
      `no program listens there, but a connection to 127.0.0.1:${port} has the port. Its program is ${program.name} ` +
        `(process ${process.pid}). Wait until it has ended, or choose another address with -http-port or -client.`,
    );
    expect(text).toMatch(/ The system gives the ports \d+ to \d+ to connections: one outside of them stays free\.$/);
  });

  test("for an address that this machine lacks lists the machine's addresses", () => {
    expect(failure("EADDRNOTAVAIL", 8500, "192.0.2.7")).toMatch(
      /^this machine has no address 192\.0\.2\.7, only .*\b127\.0\.0\.1\b.*\. Choose one of them with -client\.$/,
    );
  });

  test("for a privileged port names the required capability, and for other errors has the system's message", () => {
    const refused = "Failed to listen at 127.0.0.1. Check the address, or choose another";
    expect(failure("EACCES", 1)).toMatch(/^ports below \d+ are for root and for programs with CAP_NET_BIND_SERVICE\./);
    expect(failure("EACCES", 65_535)).toStartWith(refused);
    expect(failure("EINVAL", 8500)).toStartWith(refused);
  });
});
