import type { EdgexPlan } from "./plan.ts";

/** What `praetor edgex` prints once the agent listens: its addresses, and commands to try. Titles are bold on a terminal. */
export function announcement(plan: EdgexPlan, isTerminal: boolean): string {
  const title = (text: string): string => (isTerminal ? `\u001B[1m${text}\u001B[0m` : text);
  return [
    title("The registry and configuration of this EdgeX gateway is running"),
    `  HTTP API  ${plan.agentUrl}`,
    `  UI        ${plan.agentUrl}/ui/`,
    `  data      ${plan.dataDir}`,
    `  checks    ${plan.folders[0]?.path ?? ""}`,
    ...(plan.keeperUrl === undefined ? [] : [`  EdgeX 4   ${plan.keeperUrl}`]),
    title("Try in another terminal"),
    `  curl ${plan.agentUrl}/v1/agent/services`,
    `  curl -X PUT -d DEBUG ${plan.agentUrl}/v1/kv/edgex/core/1.0/edgex-core-data/Writable/LogLevel`,
    "",
  ].join("\n");
}
