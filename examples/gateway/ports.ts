import { createServer, type Server } from "node:net";

/** Returns the preferred port if it is free, otherwise another free port; 0 prefers no port. */
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
