let server: Bun.Server<undefined> | undefined;

/**
 * Resolves when octets that sockets of this process have sent to each other are received and handled. For what an event would not
 * show: that a client has the part of a body that was sent, or has done all that it does before its clock moves. It counts round
 * trips over a socket of this process, which wait for the event loop as the test's own do, and not time, in which a busy machine
 * may run nothing.
 */
export async function arrived(roundTrips = 5): Promise<void> {
  server ??= Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("here") });
  server.unref();
  for (let trip = 0; trip < roundTrips; trip++) await (await fetch(server.url)).text();
}
