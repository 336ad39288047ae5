import { errorOf, messageOf } from "../lib/errors.ts";
import { ownTurn } from "../lib/next-turn.ts";
import { startThread } from "../lib/start-thread.ts";
import { Turns } from "../lib/turns.ts";
import type { ReportJson } from "./examine.ts";
import type { ExaminedAgent } from "./examined-agent.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

/** A thread takes some MiB of memory, so one examination runs at a time. */
const examinations = new Turns(1);

/**
 * Examines an agent in a thread of its own, which ends with the report: the caller's thread does nothing but answer the requests of
 * the examination, since to read and to judge a catalog of 5,000 services takes hundreds of milliseconds.
 * @throws OperatingError if the agent does not answer agent/self
 */
export function examineApart(agent: ExaminedAgent): Promise<ReportJson> {
  return examinations.run(async () => {
    const worker = startThread("doctor", new URL("./worker.ts", import.meta.url), "doctor/worker.js");
    try {
      return await reportOf(agent, worker);
    } finally {
      worker.terminate();
    }
  });
}

function reportOf(agent: ExaminedAgent, worker: Worker): Promise<ReportJson> {
  const { promise, resolve, reject } = Promise.withResolvers<ReportJson>();
  const answer = async ({ number, request }: FromWorker & { readonly kind: "request" }): Promise<void> => {
    // The thread sends many requests at once. Answered in one turn, they would hold others up together.
    await ownTurn();
    const { status, headers, body } = await agent.request(request);
    send(worker, { kind: "answer", number, status, headers: [...headers], body });
  };
  worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
    if (data.kind === "request") answer(data).catch(reject);
    else if (data.kind === "report") resolve(data.report);
    else reject(errorOf(data.failure));
  });
  worker.addEventListener("error", ({ message }) => reject(new Error(messageOf(message))));
  worker.addEventListener("close", () => reject(new Error("the thread of the examination ended before its report")));
  send(worker, { kind: "examine", url: agent.url.href });
  return promise;
}

function send(worker: Worker, message: ToWorker): void {
  worker.postMessage(message, []);
}
