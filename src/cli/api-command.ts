import { jsonOf, type HttpAnswer, type HttpClient, type HttpRequest, unexpectedStatus } from "../client/http.ts";
import { OperatingError } from "../lib/errors.ts";
import type { ToldOrigin } from "../model/value-origin.ts";
import { connect, type ConnectOptions, connectionFlags, namespaceQuery, serverFlags } from "./agent-connection.ts";
import { CommandFailure } from "./command-failure.ts";
import type { Command, CommandIo } from "./command.ts";
import type { Flags } from "./flags.ts";
import { localCommand, type LocalCall, type LocalCommandOptions } from "./local-command.ts";
import { asGoError } from "./unreachable.ts";

export interface ApiCommandOptions extends Omit<LocalCommandOptions, "sharedFlags" | "run"> {
  /** Whether servers answer the command's requests; if so, the command also has the flags -datacenter and -stale. */
  readonly asksServers: boolean;
  /** Time to wait for an answer of the agent, in milliseconds; default: 15 s. */
  readonly timeoutMs?: number;
  /** Where the values come from that the command writes; default: the operator. */
  readonly origin?: ToldOrigin;
  /**
   * Runs the command; resolves with the exit code, where undefined means 0.
   * @throws CommandFailure, OperatingError; printed on standard error
   */
  run(call: ApiCall): Promise<number | void>;
}

/** One invocation of a subcommand that calls the agent's HTTP API. */
export interface ApiCall extends LocalCall {
  readonly api: AgentApi;
}

/** Makes a command that sends requests over HTTP to an agent of Praetor or Consul. */
export function apiCommand(options: ApiCommandOptions): Command {
  return localCommand({
    ...options,
    sharedFlags: [...connectionFlags, ...(options.asksServers ? serverFlags : [])],
    async run(call) {
      return options.run({ ...call, api: openAgentApi(call.flags, call.io, options) });
    },
  });
}

/**
 * Returns the API of the agent that flags and environment name.
 * @throws CommandFailure naming the invalid flag, variable or file
 */
export function openAgentApi(
  flags: Flags,
  io: CommandIo,
  options: Pick<ConnectOptions, "timeoutMs" | "origin"> = {},
): AgentApi {
  const query = { ...namespaceQuery(flags, io.env), ...serverQuery(flags) };
  return new AgentApi(connect(flags, io, options), { query, signal: io.signal });
}

function serverQuery(flags: Flags): Readonly<Record<string, string>> {
  const datacenter = flags.text("datacenter") ?? "";
  return { ...(datacenter !== "" && { dc: datacenter }), ...(flags.bool("stale") && { stale: "" }) };
}

export interface AgentApiOptions {
  /** Query parameters to add to each request. */
  readonly query?: Readonly<Record<string, string>>;
  /** Aborts each request. */
  readonly signal?: AbortSignal | undefined;
}

/** Sends a command's requests to the agent's HTTP API, with the query parameters and the abort signal that they share. */
export class AgentApi {
  readonly #http: HttpClient;
  readonly #query: Readonly<Record<string, string>>;
  readonly #signal: AbortSignal | undefined;

  constructor(http: HttpClient, { query = {}, signal }: AgentApiOptions) {
    this.#http = http;
    this.#signal = signal;
    this.#query = query;
  }

  /** The agent's URL; http://localhost for a unix socket. */
  get url(): URL {
    return this.#http.urlOf({ path: "/" });
  }

  /**
   * Sends a GET request; resolves with the JSON of the answer.
   * @throws OperatingError if the status is not 200
   */
  async json(path: string, query: Readonly<Record<string, string>> = {}): Promise<unknown> {
    return jsonOf(await this.ok({ path, query }));
  }

  /**
   * Sends a request; resolves with its answer.
   * @throws OperatingError if the status is not 200
   */
  ok(request: HttpRequest): Promise<HttpAnswer> {
    return this.#sent(request, (whole) => this.#http.requestOk(whole));
  }

  /**
   * Sends a request about something that may not exist; resolves with the JSON of the answer.
   * @throws CommandFailure with the text `missing` if the status is 404; OperatingError for another status than 200
   */
  async find(request: HttpRequest, missing: string): Promise<unknown> {
    const answer = await this.request(request);
    if (answer.status === 404) throw new CommandFailure(missing);
    if (answer.status !== 200) throw unexpectedStatus(answer);
    return jsonOf(answer);
  }

  /** Sends a request; resolves with its answer, whatever the status. */
  request(request: HttpRequest): Promise<HttpAnswer> {
    return this.#sent(request, (whole) => this.#http.request(whole));
  }

  /** Sends a request; resolves with the response when its headers have arrived. */
  stream(request: HttpRequest): Promise<Response> {
    return this.#sent(request, (whole) => this.#http.stream(whole));
  }

  /**
   * Yields the parts of a body as they arrive.
   * @throws OperatingError timeout if the agent stops sending
   */
  parts(response: Response, timeout: Pick<HttpRequest, "timeoutMs"> = {}): AsyncIterable<Uint8Array> {
    return this.#http.parts(response, timeout);
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

/**
 * Runs `ask` and resolves with its result. Converts an OperatingError into a CommandFailure with `what` before the message:
 * "Error listing nodes: ...".
 */
export async function attempting<T>(what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof OperatingError) throw new CommandFailure(`${what}: ${error.message}`);
    throw error;
  }
}
