import { bootstrap } from "../../../src/client-package-bootstrap.ts";

/**
 * Runs a service in TypeScript that shows the addresses of all services. Programs outside this repository import bootstrap() from
 * "praetor-client/bootstrap".
 */
const service = await bootstrap({
  serviceKey: "panel",
  defaults: {
    Writable: { LogLevel: "INFO", Title: "This gateway" },
    Service: { Host: "127.0.0.1", Port: 48075, CheckInterval: "10s" },
    Registry: { Type: "consul", Host: "127.0.0.1", Port: 8500 },
  },
  listen(port, { Service: { Host: hostname } }) {
    const server = Bun.serve({ hostname, port, reusePort: false, fetch: answer });
    return () => server.stop();
  },
});

async function answer(request: Request): Promise<Response> {
  if (new URL(request.url).pathname === "/api/v1/ping") return new Response("pong");
  const services = (await service.registry?.getAllServiceEndpoints()) ?? [];
  const lines = services.map(({ serviceId, host, port }) => `  ${serviceId.padEnd(20)} ${host}:${port}`);
  return new Response([service.configuration.Writable.Title, ...lines.toSorted(), ""].join("\n"));
}
