import { fieldByPath } from "./fields.ts";
import { type AgentFlag, agentFlags } from "./flag-table.ts";

/** Returns the text of `praetor agent -help`. */
export function formatAgentUsage(): string {
  const [meaningless, meaningful] = split(agentFlags, isUnused);
  return [
    "Usage: praetor agent [options]",
    "",
    "  Starts the agent and runs until an interrupt is received. Durations are written as 10s, 5m or 1h30m.",
    "",
    "Examples",
    "",
    "  A trial, with all data in memory:      praetor agent -dev",
    "  A single server:                       praetor agent -server -bootstrap -ui -data-dir /var/lib/praetor",
    "  The same, reachable from other hosts:  praetor agent -server -bootstrap -data-dir /var/lib/praetor -client 0.0.0.0",
    "  With configuration files:              praetor agent -config-dir /etc/praetor.d",
    "",
    "Options",
    "",
    ...meaningful.flatMap(formatFlag),
    "Accepted for Consul's command lines, without effect",
    "",
    ...meaningless.map((flag) => `  -${flag.name}`),
    "",
  ].join("\n");
}

export function isUnused(flag: AgentFlag): boolean {
  return flag.field !== undefined && fieldByPath.get(flag.field)?.use === "unused";
}

function formatFlag(flag: AgentFlag): readonly string[] {
  const head = flag.placeholder === "" ? `  -${flag.name}` : `  -${flag.name}=<${flag.placeholder}>`;
  const example = flag.example === "" ? [] : [`     Example: praetor agent ${flag.example}`];
  return [head, `     ${flag.help}`, ...example, ""];
}

function split<T>(items: readonly T[], matches: (item: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [items.filter(matches), items.filter((item) => !matches(item))];
}
