import type { CheckMethod, CheckStatus } from "../model/check.ts";
import type { CheckResult, CheckRunner } from "./check-runner.ts";
import { exchange, type ExchangeOptions, type HttpOutcome } from "./http-exchange.ts";
import { isRedirect, redirectsMax, redirectStep, type HttpStep } from "./http-redirect.ts";
import { httpRequestOf, requestFault, type HttpRequest } from "./http-request.ts";
import { runPeriodically, type PeriodicOptions } from "./periodic.ts";

export type HttpMethod = Extract<CheckMethod, { kind: "http" }>;
export type HttpCheckOptions = PeriodicOptions & { readonly outputBytesMax: number };

const timeoutMsDefault = 10_000;

/** Asks a URL: any 2xx is passing, 429 warning, all else critical. Redirects are followed; the last answer counts. */
export function startHttpCheck(method: HttpMethod, options: HttpCheckOptions): CheckRunner {
  const check = new HttpCheck(method, options);
  return runPeriodically((signal) => check.run(signal), options);
}

class HttpCheck {
  readonly #method: string;
  readonly #shownUrl: string;
  readonly #tlsSkipVerify: boolean;
  readonly #timeoutMs: number;
  readonly #options: HttpCheckOptions;
  /** Undefined when the URL is none. */
  readonly #first: { readonly step: HttpStep; readonly request: HttpRequest } | undefined;

  constructor(method: HttpMethod, options: HttpCheckOptions) {
    this.#method = method.method || "GET";
    this.#shownUrl = withoutPassword(method.url);
    this.#tlsSkipVerify = method.tlsSkipVerify;
    this.#timeoutMs = method.timeoutMs || timeoutMsDefault;
    this.#options = options;
    if (!URL.canParse(method.url)) return;
    const { headers, body } = method;
    const step = { url: new URL(method.url), method: this.#method, headers, body };
    this.#first = { step, request: this.#requestOf(step) };
  }

  async run(signal: AbortSignal): Promise<CheckResult> {
    if (!this.#first) {
      const wanted = "not a URL; an HTTP check needs one like http://host:port/path";
      return { status: "critical", output: `parse "${this.#shownUrl}": ${wanted}` };
    }
    let { step, request } = this.#first;
    const endMs = this.#options.world.clock.monotonicMs() + this.#timeoutMs;
    for (let redirects = 0; ; redirects += 1) {
      const refused = requestFault(step);
      if (refused !== undefined) return this.#failed(refused, step.url.href);
      const outcome = await exchange(request, this.#exchangeOptions(endMs, signal));
      if (outcome.kind === "failed") return this.#failed(outcome.reason, step.url.href);
      const { status, location } = outcome;
      if (!isRedirect(status, location)) return this.#answered(outcome);
      if (location === "") return this.#failed(`${status} response missing Location header`, step.url.href);
      if (redirects + 1 >= redirectsMax) return this.#failed(`stopped after ${redirectsMax} redirects`, location);
      const next = redirectStep(step, status, location);
      if (!next) return this.#failed(`failed to parse Location header "${location}"`, step.url.href);
      step = next;
      request = this.#requestOf(step);
    }
  }

  #requestOf(step: HttpStep): HttpRequest {
    return httpRequestOf(step, { tlsSkipVerify: this.#tlsSkipVerify });
  }

  /** The time is for all of a run, redirects included. */
  #exchangeOptions(endMs: number, signal: AbortSignal): ExchangeOptions {
    const { world, outputBytesMax } = this.#options;
    return { clock: world.clock, timeoutMs: endMs - world.clock.monotonicMs(), signal, outputBytesMax };
  }

  #answered(answer: Extract<HttpOutcome, { kind: "answered" }>): CheckResult {
    const line = `${answer.status} ${answer.reason}`;
    const output = `HTTP ${this.#method} ${this.#shownUrl}: ${line} Output: ${answer.body.text()}`;
    return { status: statusOf(answer.status), output };
  }

  /** Go's words: the method with a capital letter, and the URL that failed, which a redirect may have led to. */
  #failed(reason: string, url: string): CheckResult {
    const verb = this.#method.charAt(0).toUpperCase() + this.#method.slice(1).toLowerCase();
    const shownUrl = url === this.#first?.step.url.href ? this.#shownUrl : withoutPassword(url);
    return { status: "critical", output: `${verb} "${shownUrl}": ${reason}` };
  }
}

function statusOf(status: number): CheckStatus {
  if (status >= 200 && status <= 299) return "passing";
  return status === 429 ? "warning" : "critical";
}

/** Check output is shown to everybody; Consul hides a password in errors only. */
function withoutPassword(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/?#@:]*):[^/?#]*@/i, "$1:***@");
}
