import { join } from "node:path";
import { messageOf } from "../../src/lib/errors.ts";
import { Gateway, serviceNames } from "./gateway.ts";
import { showMessageBus, showPortClashes } from "./tour.ts";

/**
 * Runs the gateway until Ctrl-C and prints the output of each program. The variable PRAETOR names the agent's executable, as in
 * `PRAETOR=dist/praetor`; by default the sources run.
 */
const root = join(import.meta.dir, "../..");
const agent = process.env["PRAETOR"];

const gateway = await Gateway.prepare({
  agentCommand: agent === undefined ? [process.execPath, join(root, "src/main.ts")] : [agent],
  folder: join(root, "data/gateway"),
  onlyConsul: false,
  // Debian keeps daemons in folders that only root's PATH includes.
  brokerProgram: Bun.which("mosquitto", { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin` }) ?? undefined,
  wantEdgexPorts: true,
  checkInterval: "3s", // Geneva has 10s, which is long for a demonstration
  onLine: (program, line) => console.log(`${program.padEnd(14)} | ${line}`),
});

const ending = new AbortController();
process.once("SIGINT", () => ending.abort());
process.once("SIGTERM", () => ending.abort());

/** Prints a message to the user, with an empty line before each command and each numbered heading. */
function say(line: string): void {
  console.log(/^(\$|\d\.) /.test(line) ? `\n${line}` : line);
}

async function show(): Promise<void> {
  await gateway.start();
  await showPortClashes(gateway, say);
  await showMessageBus(gateway, say);
  console.log(invitation());
}

function invitation(): string {
  return `
The gateway runs; Ctrl-C ends it.
  agent            ${gateway.agentUrl}/ui/
${serviceNames.map((name) => `  ${name.padEnd(16)} ${gateway.serviceUrl(name)}/api/v1/config`).join("\n")}
  app-rules-engine ${gateway.serviceUrl("app-rules-engine")}/api/v3/config

Try in another terminal
  curl ${gateway.agentUrl}/v1/agent/services
  curl -d '{"device":"thermometer","readings":[{"name":"celsius","value":"21.5"}]}' ${gateway.serviceUrl("core-data")}/api/v1/event
  curl ${gateway.serviceUrl("core-command")}/api/v1/device/name/thermometer/command/read
  curl ${gateway.serviceUrl("app-rules-engine")}/api/v3/newest/thermometer
  curl -X PUT -d DEBUG ${gateway.agentUrl}/v1/kv/edgex/core/1.0/edgex-core-command/Writable/LogLevel
`;
}

show().catch((thrown: unknown) => {
  if (ending.signal.aborted) return; // the user has ended the gateway
  console.error(`\n${messageOf(thrown)}`);
  process.exitCode = 1;
  ending.abort();
});
await new Promise((resolve) => ending.signal.addEventListener("abort", resolve));
console.log("Ending the services, which take back their registrations, then the agent");
await gateway.stop();
process.exit();
