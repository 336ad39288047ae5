import { worstStatus, type CheckMethod, type CheckStatus } from "../model/check.ts";
import type { CheckResult, CheckRunner, ReportCheck } from "./check-runner.ts";

export type AliasMethod = Extract<CheckMethod, { kind: "alias" }>;

/** What an alias check needs of whoever knows the checks of others. */
export interface AliasSource {
  /**
   * Calls `onChange` with how things stand, soon but not before this has returned, and again after each change of it,
   * until stopped. It is given the checks of the service and those of its node (of the node alone when no service is
   * named) in a steady order, without the alias check itself; undefined when there is no such service or node.
   */
  watch(target: AliasTarget, onChange: (checks: readonly AliasedCheck[] | undefined) => void): CheckRunner;
}

export interface AliasTarget {
  /** "" means this agent's own. */
  readonly node: string;
  /** "" means the node's own checks. */
  readonly service: string;
}

export interface AliasedCheck {
  readonly name: string;
  readonly status: CheckStatus;
  readonly output: string;
}

export interface AliasOptions {
  readonly source: AliasSource;
  readonly report: ReportCheck;
}

/** A check that is always as well as the worst check of another service or node. */
export function startAliasCheck(method: AliasMethod, options: AliasOptions): CheckRunner {
  const target: AliasTarget = { node: method.node, service: method.service };
  let stopped = false;
  const watch = options.source.watch(target, (checks) => {
    if (!stopped) options.report(checks === undefined ? absent(target) : summarise(checks));
  });
  return {
    stop: () => {
      stopped = true;
      watch.stop();
    },
  };
}

function absent({ node, service }: AliasTarget): CheckResult {
  if (service === "") return { status: "critical", output: `Node ${node} could not be found` };
  // Consul: for a service of the agent itself the sentence ends after "node ".
  return { status: "critical", output: `Service ${service} could not be found on node ${node}` };
}

function summarise(checks: readonly AliasedCheck[]): CheckResult {
  if (checks.length === 0) return { status: "passing", output: "No checks found." };
  const status = worstStatus(checks.map((check) => check.status));
  if (status === "passing") return { status, output: "All checks passing." };
  const worst = checks.filter((check) => check.status === status);
  // Consul: of several that are critical it names the first, of several that warn the last.
  const named = status === "critical" ? worst[0] : worst.at(-1);
  return { status, output: `Aliased check "${named?.name}" failing: ${named?.output}` };
}
