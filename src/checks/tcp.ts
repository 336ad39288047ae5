import { connect } from "node:net";
import { messageOf } from "../lib/errors.ts";
import type { CheckMethod } from "../model/check.ts";
import type { CheckResult, CheckRunner } from "./check-runner.ts";
import { startDeadline, type DeadlineOptions } from "./deadline.ts";
import { dualStackLookup } from "./dual-stack-lookup.ts";
import { formatHostPort, parseHostPort, type HostPort } from "./host-port.ts";
import { dialErrorWords } from "./network-words.ts";
import { runPeriodically, type PeriodicOptions } from "./periodic.ts";

export type TcpMethod = Extract<CheckMethod, { kind: "tcp" }>;

const timeoutMsDefault = 10_000;

/** Passing when a connection can be made; nothing is sent on it. */
export function startTcpCheck(method: TcpMethod, options: PeriodicOptions): CheckRunner {
  const timeoutMs = method.timeoutMs || timeoutMsDefault;
  const { clock } = options.world;
  return runPeriodically((signal) => checkTcp(method.address, { clock, timeoutMs, signal }), options);
}

async function checkTcp(address: string, options: DeadlineOptions): Promise<CheckResult> {
  try {
    await connectOnce(parseHostPort(address), options);
    return { status: "passing", output: `TCP connect ${address}: Success` };
  } catch (thrown) {
    return { status: "critical", output: messageOf(thrown).replace(/^address /, "dial tcp: address ") };
  }
}

/** @throws Error that says why there is no connection */
function connectOnce(target: HostPort, options: DeadlineOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    let dialled = target;
    const lookup = dualStackLookup((host) => (dialled = { host, port: target.port }));
    const socket = connect({ ...target, lookup });
    const deadline = startDeadline(options, () => end(`dial tcp ${formatHostPort(dialled)}: i/o timeout`));
    const end = (failure?: string): void => {
      deadline.clear();
      socket.destroy();
      if (failure === undefined) resolve();
      else reject(new Error(failure));
    };
    socket.on("connect", () => end());
    socket.on("error", (error) => end(dialErrorWords(error, target)));
  });
}
