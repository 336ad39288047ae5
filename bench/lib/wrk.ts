import { join } from "node:path";
import type { Figure, Latency } from "./row.ts";

export interface Load {
  readonly connections: number;
  readonly seconds: number;
  /** The script of bench/wrk that makes the requests. Without a script, wrk sends GET requests to the URL. */
  readonly script?: string;
  /** Arguments of the script. */
  readonly words?: readonly string[];
  /** The secret of a token that each request sends. A script sends it if it says so. */
  readonly token?: string;
  /** A command that starts wrk, as on a machine of a cluster. */
  readonly before?: readonly string[];
}

/** The rate of a run of wrk, with its latency and its number of answered requests. */
export interface WrkFigure extends Figure {
  readonly latency: Latency;
  readonly requests: number;
}

let runs = 0;

/**
 * Returns a new text at each call, one for each run of wrk. The scripts put the text into the values that they write, so that no
 * two runs write the same values.
 */
export function newRun(): string {
  runs += 1;
  return `run-${runs}`;
}

/** Measures the maximum rate of requests and the latency over `connections` connections, each with one request at a time. */
export async function runWrk(url: string, load: Load): Promise<WrkFigure> {
  const script = load.script === undefined ? [] : ["-s", join(import.meta.dir, "../wrk", load.script)];
  const child = Bun.spawn(
    [
      ...(load.before ?? []),
      ...["wrk", "-t1", `-c${load.connections}`, `-d${Math.max(1, Math.round(load.seconds))}s`, "--latency"],
      ...(load.token === undefined ? [] : ["-H", `X-Consul-Token: ${load.token}`]),
      ...["--timeout", "10s", ...script, url, "--", ...(load.words ?? [])],
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const report = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`wrk failed: ${report}`);
  return readReport(report);
}

/**
 * Returns the rate, the latency and the number of requests from a report of wrk.
 * @throws Error when a request failed, because a rate of errors has no meaning
 */
export function readReport(report: string): WrkFigure {
  const errors = /Non-2xx.*|Socket errors:.*[1-9].*/.exec(report);
  if (errors !== null) throw new Error(`wrk: ${errors[0].trim()}`);
  return {
    requests: Number(find(report, /^\s+(\d+) requests in/m)),
    value: Number(find(report, /Requests\/sec:\s+([\d.]+)/)),
    latency: {
      p50Ms: milliseconds(find(report, /^\s+50%\s+(\S+)/m)),
      p99Ms: milliseconds(find(report, /^\s+99%\s+(\S+)/m)),
    },
  };
}

function find(report: string, form: RegExp): string {
  const found = form.exec(report)?.[1];
  if (found === undefined) throw new Error(`wrk's report has no ${form.source}:\n${report}`);
  return found;
}

function milliseconds(text: string): number {
  const [, number = "", unit = ""] = /^([\d.]+)(us|ms|s|m)$/.exec(text) ?? [];
  const scale = { us: 0.001, ms: 1, s: 1_000, m: 60_000 }[unit];
  if (scale === undefined) throw new Error(`wrk gave a latency of ${text}`);
  return Number(number) * scale;
}
