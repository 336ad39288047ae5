/** The options with which a service starts, from Geneva's flags and variables. */
export interface ServiceOptions {
  readonly configFolder: string;
  /** The URL of the agent that stores the configuration; undefined if the service uses only its file. */
  readonly providerUrl: string | undefined;
  /** Whether to overwrite stored values with the file's values. */
  readonly overwrite: boolean;
  readonly useRegistry: boolean;
  /** Time to wait for the agent and the database, in milliseconds. */
  readonly startupMs: number;
}

const defaultProvider = "consul.http://localhost:8500";

/** Parses flags in Go's forms, `-cp=URL` or `--configProvider=URL`. Environment variables override them. */
export function parseOptions(args: readonly string[], env: NodeJS.ProcessEnv): ServiceOptions {
  const flag = (...names: string[]): string | undefined =>
    args.flatMap((word) => {
      const [, name = "", value = ""] = /^--?([^=]+)=?(.*)$/s.exec(word) ?? [];
      return names.includes(name) ? [value] : [];
    })[0];
  const provider = env["EDGEX_CONFIGURATION_PROVIDER"] ?? flag("cp", "configProvider");
  return {
    configFolder: env["EDGEX_CONF_DIR"] ?? flag("c", "confdir") ?? "res",
    providerUrl: provider === undefined ? undefined : agentUrlOf(provider || defaultProvider),
    overwrite: flag("o", "overwrite") !== undefined,
    useRegistry: flag("r", "registry") !== undefined,
    // Geneva logs this setting but always waits 30 s; later releases apply it.
    startupMs: 1_000 * Number(env["EDGEX_STARTUP_DURATION"] ?? 30),
  };
}

/**
 * Returns the agent's URL from the name of a configuration provider: "consul.http://host:port" names type and protocol, and
 * "consul://host:port" means HTTP.
 * @throws Error if the name has another form
 */
function agentUrlOf(provider: string): string {
  const [, protocol = "http", address] = /^consul(?:\.(https?))?:\/\/([^/]+:\d+)\/?$/.exec(provider) ?? [];
  if (address === undefined)
    throw new Error(`${provider} is no configuration provider; expected consul.http://host:port`);
  return `${protocol}://${address}`;
}
