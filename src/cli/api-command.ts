import { jsonOf, type HttpAnswer, type HttpClient, type HttpRequest } from "../client/http.ts";
import { OperatingError } from "../lib/errors.ts";
import { connect, connectionFlags, namespaceQuery, serverFlags } from "./agent-connection.ts";
import { CommandFailure } from "./command-failure.ts";
import type { Command, CommandIo } from "./command.ts";
import type { Flags } from "./flags.ts";
import { localCommand, type LocalCall, type LocalCommandOptions } from "./local-command.ts";
import { asGoError } from "./unreachable.ts";

export interface ApiCommandOptions extends Omit<LocalCommandOptions, "sharedFlags" | "run"> {
  /** Takes -datacenter and -stale. */
  readonly asksServers: boolean;
  /** How long the agent may be silent; 15 s unless given. */
  readonly timeoutMs?: number;
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
      return options.run({ ...call, api: openAgentApi(call.flags, call.io, options.timeoutMs) });
    },
  });
}

/** The agent that flags and environment name. @throws CommandFailure as connect does */
export function openAgentApi(flags: Flags, io: CommandIo, timeoutMs?: number): AgentApi {
  const query = { ...namespaceQuery(io.env), ...serverQuery(flags) };
  return new AgentApi(connect(flags, io, { timeoutMs }), { query, signal: io.signal });
}

function serverQuery(flags: Flags): Readonly<Record<string, string>> {
  const datacenter = flags.text("datacenter") ?? "";
  return { ...(datacenter !== "" && { dc: datacenter }), ...(flags.bool("stale") && { stale: "" }) };
}

export interface AgentApiOptions {
  /** Added to each request. */
  readonly query?: Readonly<Record<string, string>>;
  /** Ends each request. */
  readonly signal?: AbortSignal | undefined;
}

/** An agent's API as one command uses it. */
export class AgentApi {
  readonly #http: HttpClient;
  readonly #query: Readonly<Record<string, string>>;
  readonly #signal: AbortSignal | undefined;

  constructor(http: HttpClient, { query = {}, signal }: AgentApiOptions) {
    this.#http = http;
    this.#signal = signal;
    this.#query = query;
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

  /** The answer once it begins. */
  stream(request: HttpRequest): Promise<Response> {
    return this.#sent(request, (whole) => this.#http.stream(whole));
  }

  /** The parts of an answer as they come. @throws OperatingError timeout when the agent falls silent */
  parts(response: Response): AsyncIterable<Uint8Array> {
    return this.#http.parts(response);
  }

  async #sent<T>(request: HttpRequest, send: (whole: HttpRequest) => Promise<T>): Promise<T> {
    const whole = { signal: this.#signal, ...request, query: { ...this.#query, ...request.query } };
    try {
      return await send(whole);
    } catch (error) {
      throw asGoError(error, this.#http, whole);
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
