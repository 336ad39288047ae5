import { gunzipSync } from "node:zlib";
import type { HttpAnswer, HttpRequest } from "../client/http.ts";
import { OperatingError } from "../lib/errors.ts";
import { encodeReport, examine } from "./examine.ts";
import { examinedAgent } from "./examined-agent.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

/*
 * The thread in which an agent examines itself. It asks the agent's main thread for each answer of its HTTP API.
 */

declare const self: Worker;

const answers: ((answer: HttpAnswer) => void)[] = [];

self.addEventListener("message", ({ data }: MessageEvent<ToWorker>): void => {
  if (data.kind === "examine") return void report(new URL(data.url));
  const headers = new Headers(data.headers.map(([name, value]) => [name, value]));
  const body = headers.get("Content-Encoding") === "gzip" ? gunzipSync(data.body) : data.body;
  answers[data.number]?.({ status: data.status, headers, body });
});

async function report(url: URL): Promise<void> {
  try {
    post({ kind: "report", report: encodeReport(await examine(examinedAgent(url, request))) });
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    const { kind, code, message } = error;
    post({ kind: "refused", failure: { kind, code, message } });
  }
}

function request(asked: HttpRequest): Promise<HttpAnswer> {
  return new Promise((resolve) => post({ kind: "request", number: answers.push(resolve) - 1, request: asked }));
}

function post(message: FromWorker): void {
  self.postMessage(message, []);
}
