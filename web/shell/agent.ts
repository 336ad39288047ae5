import type { AgentSelf, Check } from "../live/answers.ts";
import { useReading } from "../live/reading.ts";
import { statusOf } from "../parts/status.tsx";

/** The agent that serves the page, and the things that are wrong: the shell's line. */
export interface AgentLine {
  readonly node: string | undefined;
  /** The services with a critical check, and the nodes whose own check is critical, as people read them. */
  readonly critical: ReadonlySet<string>;
  readonly warning: ReadonlySet<string>;
  /** Whether the agent has answered, so that nothing critical means that nothing is. */
  readonly isKnown: boolean;
}

/** Returns the agent's node, and the services and nodes with a failing check; a service in maintenance has not failed. */
export function useAgentLine(): AgentLine {
  const self = useReading<AgentSelf>({ path: "v1/agent/self", topics: [], isBackground: true });
  const critical = useReading<readonly Check[]>({ ...failing, path: "v1/health/state/critical?since" }).value;
  const warning = useReading<readonly Check[]>({ ...failing, path: "v1/health/state/warning?since" }).value;
  const worst = namesOf((critical ?? []).filter((check) => statusOf(check) === "critical"));
  return {
    node: self.value?.Config.NodeName,
    critical: worst,
    warning: namesOf(warning ?? []).difference(worst),
    isKnown: critical !== undefined && warning !== undefined,
  };
}

const failing = { topics: ["health"], isBackground: true } as const;

/** Returns the services, and the nodes whose own checks are meant. */
function namesOf(checks: readonly Check[]): ReadonlySet<string> {
  return new Set(checks.map(({ ServiceName, Node }) => (ServiceName === "" ? `node ${Node}` : ServiceName)));
}
