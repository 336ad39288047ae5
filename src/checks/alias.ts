import { worstStatus, type CheckMethod, type CheckStatus } from "../model/check.ts";
import type { CheckResult, CheckRunner, ReportCheck } from "./check-runner.ts";

export type AliasMethod = Extract<CheckMethod, { kind: "alias" }>;

/** Watches the checks that an alias check follows. The agent implements this interface. */
export interface AliasSource {
  /**
   * Calls `onChange` with the target's checks soon after this call has returned, and again after each change, until stopped.
   * A target's checks are those of the service and of its node (of the node only, if the target names no service) in a stable
   * order, without alias checks; undefined if the service or node does not exist.
   */
  watch(target: AliasTarget, onChange: (checks: readonly AliasedCheck[] | undefined) => void): CheckRunner;
}

export interface AliasTarget {
  /** Name of the node; "" means this agent's node. */
  readonly node: string;
  /** Id of the service; "" means that only the node's checks are followed. */
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

/** Starts a check whose status is the worst status among the checks of another service or node. */
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
  // Consul: for a service of this agent `node` is "", so the output ends with "node ".
  return { status: "critical", output: `Service ${service} could not be found on node ${node}` };
}

function summarise(checks: readonly AliasedCheck[]): CheckResult {
  if (checks.length === 0) return { status: "passing", output: "No checks found." };
  const status = worstStatus(checks.map((check) => check.status));
  if (status === "passing") return { status, output: "All checks passing." };
  const worst = checks.filter((check) => check.status === status);
  // Consul: the output names the first of several critical checks, but the last of several warning checks.
  const named = status === "critical" ? worst[0] : worst.at(-1);
  return { status, output: `Aliased check "${named?.name}" failing: ${named?.output}` };
}
