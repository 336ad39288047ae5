import { messageOf } from "../lib/errors.ts";
import type { CheckMethod } from "../model/check.ts";
import type { CheckResult, CheckRunner } from "./check-runner.ts";
import { startDeadline, type DeadlineOptions } from "../lib/deadline.ts";
import { Dial } from "./dial.ts";
import { parseHostPort, type HostPort } from "./host-port.ts";
import { dialErrorText, dialTimeoutText } from "./go-error-text.ts";
import { runPeriodically, type PeriodicOptions } from "./periodic.ts";

export type TcpMethod = Extract<CheckMethod, { kind: "tcp" }>;

const timeoutMsDefault = 10_000;

/** Starts a check that is passing when it can connect to an address; it sends no data. */
export function startTcpCheck(method: TcpMethod, options: PeriodicOptions): CheckRunner {
  const timeoutMs = method.timeoutMs || timeoutMsDefault;
  const { clock } = options.platform;
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

/** Connects and closes the connection. @throws Error with Go's text when the connection fails */
function connectOnce(target: HostPort, options: DeadlineOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const dial = new Dial(target, {
      clock: options.clock,
      events: {
        onOpen: () => {
          deadline.clear();
          dial.close();
          resolve();
        },
        onRefused: (error) => {
          deadline.clear();
          reject(new Error(dialErrorText(error, dial.preferred)));
        },
      },
    });
    const deadline = startDeadline(options, () => {
      const text = dialTimeoutText(dial.waitsFor, dial.preferred);
      dial.cancel();
      reject(new Error(text));
    });
    dial.start();
  });
}
