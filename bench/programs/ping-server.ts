/** An HTTP server that answers the checks of a service. The program prints the server's port, and runs until its input ends. */
export const server: Bun.Server<undefined> = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: () => new Response("pong"),
});
console.log(server.port);
for await (const _chunk of Bun.stdin.stream());
process.exit();
