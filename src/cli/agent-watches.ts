import { readFileSync } from "node:fs";
import { parseAgentAddress } from "../client/agent-address.ts";
import { HttpClient } from "../client/http.ts";
import { planWatch, type WatchPlan } from "../client/watch-plan.ts";
import { type Change, watch } from "../client/watch.ts";
import type { RuntimeConfig } from "../config/runtime-config.ts";
import type { HttpHandler, ScriptHandler, WatchDefinition } from "../config/watch-definition.ts";
import type { Clock } from "../lib/clock.ts";
import { messageOf, OperatingError } from "../lib/errors.ts";
import { formatDuration } from "../lib/duration.ts";
import { httpFetch } from "../lib/http-fetch.ts";
import type { Log } from "../lib/log.ts";
import { renderGoJson } from "../wire/go-json.ts";
import { Child } from "./child.ts";

export interface AgentWatchesOptions {
  /** The agent's listeners, which a reload does not change. */
  readonly listening: Pick<RuntimeConfig, "httpAddresses" | "httpsAddresses" | "ports">;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Runs the watches of an agent's configuration. As in Consul, a watch queries the agent over HTTP and calls its handler at a
 * change.
 */
export class AgentWatches {
  readonly #options: AgentWatchesOptions;
  #ending = new AbortController();

  constructor(options: AgentWatchesOptions) {
    this.#options = options;
  }

  /** Stops the earlier watches and runs those of this configuration. Logs each watch that cannot run. */
  run({ watches, tls }: Pick<RuntimeConfig, "watches" | "tls">): void {
    this.stop();
    this.#ending = new AbortController();
    if (watches.length === 0) return;
    const { log } = this.#options;
    try {
      const http = ownClient(this.#options, tls);
      for (const definition of watches) this.#start(http, definition, this.#ending.signal);
    } catch (error) {
      log.error("Watches are not run", { error: messageOf(error) });
    }
  }

  stop(): void {
    this.#ending.abort();
  }

  #start(http: HttpClient, definition: WatchDefinition, signal: AbortSignal): void {
    const { clock, log } = this.#options;
    const { type } = definition;
    let plan: WatchPlan;
    try {
      plan = planWatch(type, definition.parameters);
    } catch (error) {
      log.error("Failed to run watch", { type, error: messageOf(error) });
      return;
    }
    void watch(http, plan, {
      clock,
      signal,
      onChange: (change) => this.#handle(definition, change, signal),
      onError: (error, retryMs) =>
        log.error("Watch errored", { type, error: messageOf(error), retry: formatDuration(retryMs) }),
    });
  }

  /** Calls the handler of a watch with a change. Logs a failure, and does not retry: the next change calls the handler again. */
  async #handle({ type, handler }: WatchDefinition, change: Change, signal: AbortSignal): Promise<void> {
    const body = `${renderGoJson(change.content, { pretty: false })}\n`;
    const { env, log } = this.#options;
    try {
      const failure =
        handler.kind === "script"
          ? await runScript(handler, { body, env: { ...env, CONSUL_INDEX: change.index } })
          : await this.#post(handler, { body, index: change.index, signal });
      if (failure !== undefined) log.error("Watch handler failed", { type, error: failure });
    } catch (error) {
      if (!signal.aborted) log.error("Watch handler failed", { type, error: messageOf(error) });
    }
  }

  /** Sends a change to a URL; returns the reason if that failed, else undefined. Consul: any 2xx status is a success. */
  async #post(
    { url, method, headers, timeoutMs, tlsSkipVerify }: HttpHandler,
    { body, index, signal }: { readonly body: string; readonly index: string; readonly signal: AbortSignal },
  ): Promise<string | undefined> {
    const timeout = new AbortController();
    const timer = this.#options.clock.schedule(timeoutMs, () =>
      timeout.abort(new Error(`${url} did not answer within ${formatDuration(timeoutMs)}`)),
    );
    try {
      const response = await httpFetch(new URL(url), {
        env: this.#options.env,
        method,
        headers: headersOf(headers, index),
        body,
        signal: AbortSignal.any([signal, timeout.signal]),
        ...(tlsSkipVerify && { tls: { rejectUnauthorized: false } }),
      });
      await response.arrayBuffer();
      return response.ok ? undefined : `${url} answered ${response.status}`;
    } finally {
      timer.cancel();
    }
  }
}

function headersOf(given: HttpHandler["headers"], index: string): Headers {
  const headers = new Headers({ "Content-Type": "application/json", "X-Consul-Index": index });
  for (const [name, value] of given) headers.append(name, value);
  return headers;
}

async function runScript(
  { words, shell }: ScriptHandler,
  { body, env }: { readonly body: string; readonly env: AgentWatchesOptions["env"] },
): Promise<string | undefined> {
  const child = await Child.start(words, { shell, env, input: { text: body } });
  return child.ended;
}

/**
 * Returns a client of this agent, over HTTPS if the agent does not listen on HTTP.
 * @throws OperatingError unavailable if the agent listens on neither; Error if the certificate cannot be read
 */
function ownClient({ listening, clock, env }: AgentWatchesOptions, tls: RuntimeConfig["tls"]): HttpClient {
  const { httpAddresses, httpsAddresses, ports } = listening;
  const [http] = httpAddresses;
  if (http !== undefined) return clientOf({ address: http, port: ports.http, clock, env });
  const [https] = httpsAddresses;
  if (https === undefined) throw noListener();
  return clientOf({ address: https, port: ports.https, clock, env, tls: ownCertificate(tls) });
}

interface Listener extends Pick<AgentWatchesOptions, "clock" | "env"> {
  readonly address: string;
  readonly port: number;
  /** The TLS options; undefined for plain HTTP. */
  readonly tls?: Readonly<Record<string, unknown>>;
}

function clientOf({ address, port, clock, env, tls }: Listener): HttpClient {
  // If the agent listens on all addresses, connects to the loopback address.
  const host = address === "0.0.0.0" ? "127.0.0.1" : address === "::" ? "::1" : address;
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const secure = tls !== undefined;
  const { baseUrl, socket } = parseAgentAddress(address.startsWith("unix://") ? address : authority, { secure });
  const transport = { ...(socket !== undefined && { unix: socket }), ...(tls && { tls }) };
  return new HttpClient({ baseUrl, clock, env, transport });
}

/**
 * Returns TLS options with the agent's own certificate, which verify_incoming requires. Consul: a watch does not verify the
 * agent's certificate, since it need not be for the address on which the agent listens.
 */
function ownCertificate({ certFile, keyFile }: RuntimeConfig["tls"]): Readonly<Record<string, unknown>> {
  return {
    rejectUnauthorized: false,
    ...(certFile !== undefined && { cert: readFileSync(certFile, "utf8") }),
    ...(keyFile !== undefined && { key: readFileSync(keyFile, "utf8") }),
  };
}

function noListener(): OperatingError {
  const message = "they ask the agent over HTTP or HTTPS, and both are off. Set ports.http or ports.https";
  return new OperatingError("unavailable", "no-listener", message);
}
