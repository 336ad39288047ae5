import { createServer, type Server } from "node:net";

/** The preferred port, or another one when it is in use; 0 prefers none. */
export async function portNear(preferred: number): Promise<number> {
  const server = createServer();
  try {
    return await listen(server, preferred).catch(() => listen(server, 0));
  } finally {
    server.close();
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("no port"));
      else resolve(address.port);
    });
  });
}
