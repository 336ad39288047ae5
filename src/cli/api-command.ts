import { jsonOf, type HttpAnswer, type HttpClient, type HttpRequest } from "../client/http.ts";
import { systemClock } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import { connect, connectionFlags, serverFlags } from "./agent-connection.ts";
import { CommandFailure } from "./command-failure.ts";
import type { Command } from "./command.ts";
import type { Flags } from "./flags.ts";
import { localCommand, type LocalCall, type LocalCommandOptions } from "./local-command.ts";
import { inGosWords } from "./unreachable.ts";

export interface ApiCommandOptions extends Omit<LocalCommandOptions, "sharedFlags" | "run"> {
  /** Takes -datacenter and -stale. */
  readonly asksServers: boolean;
  /**
   * Resolves with the exit code; undefined is 0.
   * @throws CommandFailure, OperatingError told to the user
   */
  run(call: ApiCall): Promise<number | void>;
}

/** A command that is run. */
export interface ApiCall extends LocalCall {
  readonly api: AgentApi;
}

/** A command that asks an agent over HTTP, and so works with any: ours or a real Consul. */
export function apiCommand(options: ApiCommandOptions): Command {
  return localCommand({
    ...options,
    sharedFlags: [...connectionFlags, ...(options.asksServers ? serverFlags : [])],
    async run(call) {
      const { flags, io } = call;
      return options.run({ ...call, api: new AgentApi(connect(flags, io.env, systemClock), flags, io.signal) });
    },
  });
}

/** An agent's API with the command's -datacenter and -stale. */
export class AgentApi {
  readonly #http: HttpClient;
  readonly #query: Readonly<Record<string, string>>;
  readonly #signal: AbortSignal | undefined;

  constructor(http: HttpClient, flags: Flags, signal: AbortSignal | undefined) {
    const datacenter = flags.text("datacenter") ?? "";
    this.#http = http;
    this.#signal = signal;
    this.#query = { ...(datacenter !== "" && { dc: datacenter }), ...(flags.bool("stale") && { stale: "" }) };
  }

  /** Of the agent. One that is reached through a socket is at localhost. */
  get url(): URL {
    return this.#http.urlOf({ path: "/" });
  }

  /** The JSON of a 200. */
  async json(path: string, query: Readonly<Record<string, string>> = {}): Promise<unknown> {
    return jsonOf(await this.ok({ path, query }));
  }

  /** @throws OperatingError for any status but 200 */
  ok(request: HttpRequest): Promise<HttpAnswer> {
    return this.#sent(request, (whole) => this.#http.requestOk(whole));
  }

  /** Whatever the status. */
  request(request: HttpRequest): Promise<HttpAnswer> {
    return this.#sent(request, (whole) => this.#http.request(whole));
  }

  /** The answer as it comes. */
  stream(request: HttpRequest): Promise<Response> {
    return this.#sent(request, (whole) => this.#http.stream(whole));
  }

  async #sent<T>(request: HttpRequest, send: (whole: HttpRequest) => Promise<T>): Promise<T> {
    const whole = { signal: this.#signal, ...request, query: { ...this.#query, ...request.query } };
    try {
      return await send(whole);
    } catch (error) {
      throw inGosWords(error, this.#http, whole);
    }
  }
}

/** Runs `ask`, and says before the error what was attempted: "Error listing nodes: ...". */
export async function attempting<T>(what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof OperatingError) throw new CommandFailure(`${what}: ${error.message}`);
    throw error;
  }
}
