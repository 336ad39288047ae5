import { OperatingError } from "../lib/errors.ts";
import { goQuote } from "../lib/go-quote.ts";
import { formatGoUrl, GoUrlError, parseGoUrl } from "../lib/go-url.ts";
import type { CheckMethod, CheckStatus } from "../model/check.ts";
import type { CheckResult, CheckRunner } from "./check-runner.ts";
import { exchange, type ExchangeOptions, type HttpOutcome } from "./http-exchange.ts";
import { isToken } from "./http-headers.ts";
import { isRedirect, redirectsMax, redirectStep, type HttpStep } from "./http-redirect.ts";
import { httpRequestOf, requestFault, type HttpRequest } from "./http-request.ts";
import { runPeriodically, type PeriodicOptions } from "./periodic.ts";

export type HttpMethod = Extract<CheckMethod, { kind: "http" }>;
export type HttpCheckOptions = PeriodicOptions & { readonly outputBytesMax: number };

const timeoutMsDefault = 10_000;

/** Starts a check that requests a URL: status 2xx is passing, 429 warning, any other critical. Follows redirects. */
export function startHttpCheck(method: HttpMethod, options: HttpCheckOptions): CheckRunner {
  const check = new HttpCheck(method, options);
  return runPeriodically((signal) => check.run(signal), options);
}

/** One request of a check's run: that of the definition, or one after a redirect. */
interface Hop {
  readonly step: HttpStep;
  /** The URL as error texts show it. */
  readonly url: string;
  /** The request, or the reason why it is invalid. */
  readonly request: HttpRequest | string;
}

class HttpCheck {
  readonly #method: string;
  readonly #shownUrl: string;
  readonly #tlsSkipVerify: boolean;
  readonly #timeoutMs: number;
  readonly #options: HttpCheckOptions;
  /** The definition's request, built once for all runs; or the reason why it is invalid. */
  readonly #first: Hop | string;

  constructor(method: HttpMethod, options: HttpCheckOptions) {
    this.#method = method.method || "GET";
    this.#shownUrl = withoutPassword(method.url);
    this.#tlsSkipVerify = method.tlsSkipVerify;
    this.#timeoutMs = method.timeoutMs || timeoutMsDefault;
    this.#options = options;
    this.#first = this.#firstHop(method);
  }

  #firstHop({ url: text, headers, body }: HttpMethod): Hop | string {
    if (!isToken(this.#method)) return `net/http: invalid method ${goQuote(this.#method)}`;
    try {
      const url = parseGoUrl(text);
      // Go ignores a colon without a port.
      const host = url.host.replace(/:$/, "");
      return this.#hopOf({ url: { ...url, host }, method: this.#method, headers, body });
    } catch (thrown) {
      if (thrown instanceof GoUrlError) return parseFailure(thrown, text);
      throw thrown;
    }
  }

  async run(signal: AbortSignal): Promise<CheckResult> {
    if (typeof this.#first === "string") return { status: "critical", output: this.#first };
    let hop = this.#first;
    const endMs = this.#options.platform.clock.monotonicMs() + this.#timeoutMs;
    for (let redirects = 0; ; redirects += 1) {
      const { step, url, request } = hop;
      if (typeof request === "string") return this.#failed(request, url);
      const outcome = await exchange(this.#withAgentTls(request), this.#exchangeOptions(endMs, signal));
      if (outcome.kind === "failed") return this.#failed(outcome.reason, url);
      const { status, location } = outcome;
      if (!isRedirect(status, location)) return this.#answered(outcome);
      if (location === "") return this.#failed(`${status} response missing Location header`, url);
      if (redirects + 1 >= redirectsMax) return this.#failed(`stopped after ${redirectsMax} redirects`, location);
      try {
        hop = this.#hopOf(redirectStep(step, status, location));
      } catch (thrown) {
        if (!(thrown instanceof GoUrlError)) throw thrown;
        const shown = goQuote(withoutAnyPassword(location));
        return this.#failed(`failed to parse Location header ${shown}: ${parseFailure(thrown, location)}`, url);
      }
    }
  }

  #hopOf(step: HttpStep): Hop {
    return { step, url: formatGoUrl(step.url), request: this.#requestOf(step) };
  }

  #requestOf(step: HttpStep): HttpRequest | string {
    try {
      return requestFault(step) ?? httpRequestOf(step, { tlsSkipVerify: this.#tlsSkipVerify });
    } catch (thrown) {
      if (thrown instanceof OperatingError) return `dial tcp: ${thrown.message}`;
      throw thrown;
    }
  }

  /** Adds the agent's TLS as it is now, since a reload can change it. */
  #withAgentTls(request: HttpRequest): HttpRequest {
    const agent = request.tls && this.#options.platform.agentTls?.();
    return agent && request.tls ? { ...request, tls: { ...request.tls, agent } } : request;
  }

  /** Returns the options for one request. Its timeout is the rest of the timeout of the run, which includes redirects. */
  #exchangeOptions(endMs: number, signal: AbortSignal): ExchangeOptions {
    const { platform, outputBytesMax } = this.#options;
    return { clock: platform.clock, timeoutMs: endMs - platform.clock.monotonicMs(), signal, outputBytesMax };
  }

  #answered(answer: Extract<HttpOutcome, { kind: "answered" }>): CheckResult {
    const line = `${answer.status} ${answer.reason}`;
    const output = `HTTP ${this.#method} ${this.#shownUrl}: ${line} Output: ${answer.body.text()}`;
    return { status: statusOf(answer.status), output };
  }

  /** Returns a critical result with Go's text: the method, the URL that failed (after a redirect, the new one), the reason. */
  #failed(reason: string, url: string): CheckResult {
    const verb = this.#method.charAt(0).toUpperCase() + this.#method.slice(1).toLowerCase();
    return { status: "critical", output: `${verb} ${goQuote(withoutPassword(url))}: ${reason}` };
  }
}

function statusOf(status: number): CheckStatus {
  if (status >= 200 && status <= 299) return "passing";
  return status === 429 ? "warning" : "critical";
}

/** Returns the URL with its password hidden, since all clients can read check output. Consul hides it in some errors only. */
function withoutPassword(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/?#@:]*):[^/?#]*@/i, "$1:***@");
}

/** Returns a malformed URL with its password hidden. The password may contain any character. */
function withoutAnyPassword(text: string): string {
  return text.replace(/^([^:]*:\/*[^/?#@:]*):.*@/s, "$1:***@");
}

/** Returns Go's text for a malformed URL without the password, which Go may quote in the reason. */
function parseFailure({ message, reason }: GoUrlError, text: string): string {
  const shown = withoutAnyPassword(text);
  return shown === text ? message : `parse ${goQuote(shown)}: ${reason.replace(/ ".*"/s, "")}`;
}
