import type { EdgexPlan } from "./plan.ts";

/** The lines that tell a person where the agent is going to listen and what to try; with bold titles on a terminal. */
export function announcement(plan: EdgexPlan, isTerminal: boolean): string {
  const title = (text: string): string => (isTerminal ? `\u001B[1m${text}\u001B[0m` : text);
  return [
    title("Praetor, registry and configuration of this EdgeX gateway"),
    `  HTTP API  ${plan.agentUrl}`,
    `  UI        ${plan.agentUrl}/ui/`,
    `  data      ${plan.dataDir}`,
    `  checks    ${plan.folders[0]?.path ?? ""}`,
    ...(plan.keeperUrl === undefined ? [] : [`  EdgeX 4   ${plan.keeperUrl}`]),
    title("Try in another terminal"),
    `  curl ${plan.agentUrl}/v1/agent/services`,
    `  curl -X PUT -d DEBUG ${plan.agentUrl}/v1/kv/edgex/core/1.0/edgex-core-data/Writable/LogLevel`,
    `  ${plan.executable.join(" ")} health edgex-redis --verbose --url ${plan.agentUrl}`,
    "",
  ].join("\n");
}
