import { join } from "node:path";
import { Gateway, serviceNames } from "./gateway.ts";

/** Runs the gateway until Ctrl-C and shows what each program says. `PRAETOR=dist/praetor` uses another agent. */
const root = join(import.meta.dir, "../..");
const agent = process.env["PRAETOR"];

const gateway = await Gateway.prepare({
  agentCommand: agent === undefined ? [process.execPath, join(root, "src/main.ts")] : [agent],
  folder: join(root, "data/gateway"),
  wantGenevaPorts: true,
  checkInterval: "3s", // Geneva has 10s; a reader should not wait so long
  onLine: (program, line) => console.log(`${program.padEnd(13)} | ${line}`),
});

const interrupted = Promise.withResolvers<void>();
process.once("SIGINT", interrupted.resolve);
process.once("SIGTERM", interrupted.resolve);

await gateway.start();
console.log(`
The gateway runs; Ctrl-C ends it.
  agent          ${gateway.agentUrl}/ui/
${serviceNames.map((name) => `  ${name.padEnd(14)} ${gateway.serviceUrl(name)}/api/v1/config`).join("\n")}

Try in another terminal
  curl ${gateway.agentUrl}/v1/agent/services
  curl -d '{"device":"thermometer","readings":[{"name":"celsius","value":"21.5"}]}' ${gateway.serviceUrl("core-data")}/api/v1/event
  curl ${gateway.serviceUrl("core-command")}/api/v1/device/name/thermometer/command/read
  curl -X PUT -d DEBUG ${gateway.agentUrl}/v1/kv/edgex/core/1.0/edgex-core-command/Writable/LogLevel
`);

await interrupted.promise;
console.log("Ending the services, which take back their registrations, then the agent");
await gateway.stop();
