import { jsonOf, type HttpAnswer, type HttpClient, type HttpRequest } from "../client/http.ts";
import { systemClock } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import { parseGoFlags } from "../lib/go-flags.ts";
import { connect, connectionFlags, serverFlags } from "./agent-connection.ts";
import { CommandFailure } from "./command-failure.ts";
import type { Command, CommandFlag, CommandIo } from "./command.ts";
import { Flags } from "./flags.ts";
import { formatHelp, type Example } from "./help-text.ts";

export interface ApiCommandOptions {
  readonly name: string;
  readonly summary: string;
  /** What follows the name: "[options] KEY". */
  readonly synopsis: string;
  readonly about: string;
  readonly examples: readonly Example[];
  readonly flags?: readonly CommandFlag[];
  /** Takes -datacenter and -stale. */
  readonly asksServers: boolean;
  /** How many words follow the flags; undefined for any number, which `run` looks at. */
  readonly words?: number;
  /**
   * Resolves with the exit code; undefined is 0.
   * @throws CommandFailure, OperatingError told to the user
   */
  run(call: ApiCall): Promise<number | void>;
}

/** A command that is run. */
export interface ApiCall {
  /** What follows the flags. */
  readonly words: readonly string[];
  readonly flags: Flags;
  readonly api: AgentApi;
  readonly io: CommandIo;
}

/** A command that asks an agent over HTTP, and so works with any: ours or a real Consul. */
export function apiCommand(options: ApiCommandOptions): Command {
  const flags = options.flags ?? [];
  const sharedFlags = [...connectionFlags, ...(options.asksServers ? serverFlags : [])];
  const all = [...flags, ...sharedFlags];
  return {
    name: options.name,
    summary: options.summary,
    get help() {
      return formatHelp({ ...options, flags, sharedFlags });
    },
    flags: all,
    async run(args, io) {
      try {
        const parsed = parseGoFlags(args, all);
        if (parsed.helpAsked) {
          io.stdout(this.help);
          return 0;
        }
        requireWords(parsed.rest, options.words);
        const given = new Flags(parsed);
        const api = new AgentApi(connect(given, io.env, systemClock), given, io.signal);
        return (await options.run({ words: parsed.rest, flags: given, api, io })) ?? 0;
      } catch (error) {
        if (io.signal?.aborted) return 1;
        if (!(error instanceof CommandFailure || error instanceof OperatingError)) throw error;
        const isUsage = error instanceof OperatingError && error.code === "invalid-flag";
        io.stderr(`${error.message}\n${isUsage ? `\nSee 'praetor ${options.name} --help'.\n` : ""}`);
        return error instanceof CommandFailure ? error.code : 1;
      }
    },
  };
}

/** Consul: says how many it expected. */
function requireWords(words: readonly string[], expected: number | undefined): void {
  if (expected === undefined || words.length === expected) return;
  const problem = words.length > expected ? "Too many" : "Not enough";
  throw new CommandFailure(`${problem} arguments (expected ${expected}, got ${words.length})`);
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

  /** The JSON of a 200. */
  async json(path: string, query: Readonly<Record<string, string>> = {}): Promise<unknown> {
    return jsonOf(await this.ok({ path, query }));
  }

  /** @throws OperatingError for any status but 200 */
  ok(request: HttpRequest): Promise<HttpAnswer> {
    return this.#http.requestOk(this.#whole(request));
  }

  /** Whatever the status. */
  request(request: HttpRequest): Promise<HttpAnswer> {
    return this.#http.request(this.#whole(request));
  }

  /** The answer as it comes. */
  stream(request: HttpRequest): Promise<Response> {
    return this.#http.stream(this.#whole(request));
  }

  #whole(request: HttpRequest): HttpRequest {
    return { signal: this.#signal, ...request, query: { ...this.#query, ...request.query } };
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
