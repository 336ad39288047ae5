import { createServer, type Server } from "node:net";

/*
 * Tests run in parallel with thousands of connections, and the system assigns local ports from 32768 on to the local ends of
 * connections. A port of that range that was free a moment ago may soon be in use. So each test process reserves a block of ports
 * below that range, by listening on the block's first port until the process ends, and returns the other ports of the block in
 * turn.
 */

/**
 * The first port of the first block. The blocks are below the ports that an agent assigns to services by default (from 28000).
 */
const firstPort = 10_000;
const blockPorts = 400;
const blocks = 45;

let reserved: Promise<Server> | undefined;
let handedOut = 0;

/** Returns ports on which no program listens now, and that no other test process receives. */
export async function freePorts(count: number): Promise<readonly number[]> {
  reserved ??= reserveBlock();
  const block = portOf(await reserved);
  const found: number[] = [];
  while (found.length < count) {
    handedOut += 1;
    const server = await listenOn(block + 1 + (handedOut % (blockPorts - 1)));
    if (server === undefined) continue;
    found.push(portOf(server));
    await new Promise((resolve) => server.close(resolve));
  }
  return found;
}

async function reserveBlock(): Promise<Server> {
  const start = Math.floor(Math.random() * blocks);
  for (let tried = 0; tried < blocks; tried++) {
    const server = await listenOn(firstPort + ((start + tried) % blocks) * blockPorts);
    if (server !== undefined) return server.unref();
  }
  throw new Error(`all ${blocks} blocks of ports for tests are taken, the first from ${firstPort} on`);
}

/** Listens on the port; resolves with undefined if another program listens there. */
function listenOn(port: number): Promise<Server | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address.port;
}
