import type { CheckDefinition } from "../model/check.ts";
import { startAliasCheck, type AliasSource } from "./alias.ts";
import type { CheckResult, CheckRunner, CheckPlatform, ReportCheck } from "./check-runner.ts";
import { withThresholds } from "./thresholds.ts";
import { startTtlCheck } from "./ttl.ts";

export interface StartCheckOptions {
  readonly platform: CheckPlatform;
  readonly report: ReportCheck;
  readonly aliasSource: AliasSource;
}

export interface StartedCheck extends CheckRunner {
  /** Reports a result that the service sent, before the call returns. Only TTL checks have this function. */
  readonly update?: (result: CheckResult) => void;
}

/** Starts the check that a definition describes. The check reports nothing before this call has returned. */
export function startCheck(definition: CheckDefinition, options: StartCheckOptions): StartedCheck {
  const { method, outputBytesMax } = definition;
  const { platform, report, aliasSource } = options;
  // Consul: thresholds apply to checks that the agent runs; results of TTL and alias checks count at once.
  const counted = withThresholds(definition, report);
  switch (method.kind) {
    case "http":
      return startLater(async () => {
        const { startHttpCheck } = await import("./http.ts");
        return startHttpCheck(method, { platform, intervalMs: method.intervalMs, outputBytesMax, report: counted });
      });
    case "tcp":
      return startLater(async () => {
        const { startTcpCheck } = await import("./tcp.ts");
        return startTcpCheck(method, { platform, intervalMs: method.intervalMs, report: counted });
      });
    case "script":
      return startLater(async () => {
        const { startScriptCheck } = await import("./script.ts");
        return startScriptCheck(method, { platform, intervalMs: method.intervalMs, outputBytesMax, report: counted });
      });
    case "docker":
      return startLater(async () => {
        const { startDockerCheck } = await import("./docker.ts");
        const dockerHost = process.env["DOCKER_HOST"] ?? "";
        const { intervalMs } = method;
        return startDockerCheck(method, { platform, intervalMs, outputBytesMax, dockerHost, report: counted });
      });
    case "grpc":
      return startLater(async () => {
        const { startGrpcCheck } = await import("./grpc.ts");
        return startGrpcCheck(method, { platform, intervalMs: method.intervalMs, outputBytesMax, report: counted });
      });
    case "ttl":
      return startTtlCheck(method, { platform, outputBytesMax, report });
    case "alias":
      return startAliasCheck(method, { source: aliasSource, report });
  }
}

/** Starts a check that runs by itself, whose module is loaded on first use, because most agents use only some kinds of checks. */
function startLater(start: () => Promise<CheckRunner>): CheckRunner {
  let stopped = false;
  const starting = start().then((runner) => {
    if (stopped) runner.stop();
    return runner;
  });
  return {
    stop: () => {
      stopped = true;
      void starting.then((runner) => runner.stop());
    },
    runNow: async () => {
      const runner = await starting;
      await runner.runNow?.();
    },
  };
}
