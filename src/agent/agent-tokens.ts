import { chmodSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf, OperatingError } from "../lib/errors.ts";
import { isMissing } from "../lib/file-failure.ts";
import type { Log } from "../lib/log.ts";

/** The agent's own tokens, by Consul's names for them. */
export const agentTokenNames = ["default", "agent", "agent_master", "replication"] as const;
export type AgentTokenName = (typeof agentTokenNames)[number];

/** The secrets of the agent's own tokens; "" for none. */
export type AgentTokenSecrets = Readonly<Record<AgentTokenName, string>>;

interface AgentTokensOptions {
  /** The folder in which tokens that a request gave are kept; undefined to keep them until the agent stops. */
  readonly folder: string | undefined;
  /** Called after a token has been given. */
  readonly onGiven?: (() => void) | undefined;
  readonly log: Log;
}

/**
 * The tokens with which the agent acts: from its configuration, or from a request, which counts more. Consul: the file in the data
 * folder and its content are the same, so that an agent which replaces Consul goes on with the same tokens.
 */
export class AgentTokens {
  readonly #options: AgentTokensOptions;
  #configured: AgentTokenSecrets;
  /** The tokens that requests gave. */
  #given: Partial<Record<AgentTokenName, string>>;

  /** @throws OperatingError invalid when the file with the tokens cannot be read */
  constructor(configured: AgentTokenSecrets, options: AgentTokensOptions) {
    this.#options = options;
    this.#configured = configured;
    this.#given = options.folder === undefined ? {} : readTokens(fileIn(options.folder));
    this.#warnOfBoth();
  }

  get default(): string {
    return this.#secretOf("default");
  }

  get agentMaster(): string {
    return this.#secretOf("agent_master");
  }

  /**
   * Replaces a token, for the requests that follow; "" returns to that of the configuration.
   * @throws OperatingError unavailable when the file with the tokens cannot be written; the token is then unchanged
   */
  give(name: AgentTokenName, secret: string): void {
    const given = { ...this.#given, [name]: secret };
    if (secret === "") delete given[name];
    if (this.#options.folder !== undefined) writeTokens(fileIn(this.#options.folder), given);
    this.#given = given;
    this.#options.onGiven?.();
  }

  /** Applies the tokens of another configuration. */
  reload(configured: AgentTokenSecrets): void {
    this.#configured = configured;
    this.#warnOfBoth();
  }

  #secretOf(name: AgentTokenName): string {
    return this.#given[name] ?? this.#configured[name];
  }

  #warnOfBoth(): void {
    for (const name of agentTokenNames)
      if (this.#given[name] !== undefined && this.#configured[name] !== "")
        this.#options.log.warn(
          `"${name}" token present in both the configuration and persisted token store, using the persisted token`,
        );
  }
}

function fileIn(folder: string): string {
  return join(folder, "acl-tokens.json");
}

function readTokens(path: string): Partial<Record<AgentTokenName, string>> {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (isMissing(error)) return {};
    throw new OperatingError("invalid", "unreadable-tokens", `cannot read the agent's tokens from ${path}`, {
      cause: error,
    });
  }
  const given: Partial<Record<AgentTokenName, string>> = {};
  if (typeof content !== "object" || content === null) return given;
  const fields = new Map<string, unknown>(Object.entries(content));
  for (const name of agentTokenNames) {
    const secret = fields.get(name);
    if (typeof secret === "string" && secret !== "") given[name] = secret;
  }
  return given;
}

/** Replaces the file as a whole, so that a loss of power leaves the old tokens or the new ones. */
function writeTokens(path: string, given: Partial<Record<AgentTokenName, string>>): void {
  const next = `${path}.new`;
  try {
    writeFileSync(next, JSON.stringify(given), { mode: 0o600, flush: true });
    chmodSync(next, 0o600);
    renameSync(next, path);
  } catch (error) {
    throw new OperatingError(
      "unavailable",
      "unwritable-tokens",
      `cannot keep the token in ${path}: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}
