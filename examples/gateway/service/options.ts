/** The options of a service's start: Geneva's flags and variables. */
export interface ServiceOptions {
  readonly configFolder: string;
  /** The agent's URL when configuration is stored in the registry. */
  readonly providerUrl: string | undefined;
  /** Overwrite stored values with the file's. */
  readonly overwrite: boolean;
  readonly useRegistry: boolean;
  /** How long to wait for the agent and the database. */
  readonly startupMs: number;
}

const defaultProvider = "consul.http://localhost:8500";

/** Flags in Go's forms, `-cp=URL` or `--configProvider=URL`; variables override them. */
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

/** "consul.http://host:port" names type and protocol; "consul://host:port" means http. */
function agentUrlOf(provider: string): string {
  const [, protocol = "http", address] = /^consul(?:\.(https?))?:\/\/([^/]+:\d+)\/?$/.exec(provider) ?? [];
  if (address === undefined)
    throw new Error(`${provider} is no configuration provider; expected consul.http://host:port`);
  return `${protocol}://${address}`;
}
