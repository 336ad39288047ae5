import { socketPathOf } from "../client/agent-address.ts";
import { HttpClient } from "../client/http.ts";
import { planWatch, type WatchPlan } from "../client/watch-plan.ts";
import { type Change, watch } from "../client/watch.ts";
import type { HttpHandler, ScriptHandler, WatchDefinition } from "../config/watch-definition.ts";
import type { Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import { formatDuration } from "../lib/duration.ts";
import type { Log } from "../lib/log.ts";
import { renderGoJson } from "../wire/go-json.ts";
import { Child } from "./child.ts";

export interface AgentWatchesOptions {
  /** Where the agent answers HTTP: "127.0.0.1:8500", "unix:///path". */
  readonly address: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Log;
}

/** The watches of an agent's configuration. As Consul's they ask the agent as any client does, and tell their handlers. */
export class AgentWatches {
  readonly #options: AgentWatchesOptions;
  readonly #http: HttpClient;
  #ending = new AbortController();

  constructor(options: AgentWatchesOptions) {
    this.#options = options;
    this.#http = clientOf(options);
  }

  /** Runs these from now on, and none of those before. One that cannot be planned is told of in the log. */
  run(definitions: readonly WatchDefinition[]): void {
    this.stop();
    this.#ending = new AbortController();
    for (const definition of definitions) this.#start(definition, this.#ending.signal);
  }

  stop(): void {
    this.#ending.abort();
  }

  #start(definition: WatchDefinition, signal: AbortSignal): void {
    const { clock, log } = this.#options;
    const { type } = definition;
    let plan: WatchPlan;
    try {
      plan = planWatch(type, definition.parameters);
    } catch (error) {
      log.error("Failed to run watch", { type, error: messageOf(error) });
      return;
    }
    void watch(this.#http, plan, {
      clock,
      signal,
      onChange: (change) => this.#handle(definition, change, signal),
      onError: (error, retryMs) =>
        log.error("Watch errored", { type, error: messageOf(error), retry: formatDuration(retryMs) }),
    });
  }

  /** What fails is told in the log, and the next change is told again. */
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

  /** Consul: any status of success is one. */
  async #post(
    { url, method, headers, timeoutMs, tlsSkipVerify }: HttpHandler,
    { body, index, signal }: { readonly body: string; readonly index: string; readonly signal: AbortSignal },
  ): Promise<string | undefined> {
    const late = new AbortController();
    const timer = this.#options.clock.schedule(timeoutMs, () =>
      late.abort(new Error(`${url} did not answer within ${formatDuration(timeoutMs)}`)),
    );
    try {
      const response = await fetch(url, {
        method,
        headers: headersOf(headers, index),
        body,
        signal: AbortSignal.any([signal, late.signal]),
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

function clientOf({ address, clock }: AgentWatchesOptions): HttpClient {
  const socket = socketPathOf(address);
  if (socket !== undefined) return new HttpClient({ baseUrl: "http://localhost", clock, transport: { unix: socket } });
  // An agent that listens everywhere is asked here.
  return new HttpClient({
    baseUrl: `http://${address.replace("0.0.0.0:", "127.0.0.1:").replace("[::]:", "[::1]:")}`,
    clock,
  });
}
