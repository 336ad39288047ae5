/**
 * An HTTP server that answers each request with one constant answer, to measure the upper limit of this runtime. The program
 * prints the server's port, and runs until its input ends.
 */
export interface BareAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

const { status, headers, body }: BareAnswer = JSON.parse(process.argv[2] ?? "");
const init = { status, headers: new Headers(headers.map(([name, value]) => [name, value])) };

const server: Bun.Server<undefined> = Bun.serve({
  ...{ hostname: "127.0.0.1", port: 0, reusePort: false, development: false, idleTimeout: 120 },
  fetch: () => new Response(body, init),
});
console.log(server.port);
for await (const _chunk of Bun.stdin.stream());
process.exit();
