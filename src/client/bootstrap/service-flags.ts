import { OperatingError } from "../../lib/errors.ts";
import { type FlagSpec, parseGoFlags } from "../../lib/go-flags.ts";

/** The flags of a service's command line; undefined for a flag that is not given. */
export interface ServiceFlags {
  readonly providerUrl: string | undefined;
  readonly overwrite: boolean;
  readonly file: string | undefined;
  readonly profile: string | undefined;
  readonly directory: string | undefined;
  readonly useRegistry: boolean;
  /** The URL of `-r=consul://host:port`; undefined for -r without a URL. */
  readonly registryUrl: string | undefined;
  readonly helpAsked: boolean;
}

const defaultProviderUrl = "consul.http://localhost:8500";

/** Each flag with all its names: those of Geneva, then those of EdgeX 3. */
const flags = {
  provider: ["cp", "configProvider"],
  overwrite: ["o", "overwrite"],
  file: ["f", "file", "cf", "configFile"],
  profile: ["p", "profile"],
  directory: ["c", "confdir", "cd", "configDir"],
  registry: ["r", "registry"],
} as const;

type Flag = keyof typeof flags;

const specs: readonly FlagSpec[] = Object.entries(flags).flatMap(([flag, names]) =>
  names.map((name): FlagSpec => ({ name, kind: flag === "overwrite" ? "bool" : "text" })),
);

/**
 * Parses the arguments after the program's name as EdgeX's services do: by Go's rules, except that -cp and -r need no value.
 * @throws OperatingError invalid
 */
export function parseServiceFlags(words: readonly string[]): ServiceFlags {
  const { values, rest, helpAsked } = parseGoFlags(withValues(words), specs);
  const last = (flag: Flag): string | undefined => flags[flag].flatMap((name) => values.get(name) ?? []).at(-1);
  if (rest[0] !== undefined) {
    const message = `unexpected argument ${JSON.stringify(rest[0])}; --help lists what a service takes`;
    throw new OperatingError("invalid", "invalid-flag", message);
  }
  const registry = last("registry") ?? "false";
  return {
    providerUrl: last("provider"),
    overwrite: last("overwrite") === "true",
    file: last("file"),
    profile: last("profile"),
    directory: last("directory"),
    useRegistry: registry !== "false",
    registryUrl: registry.includes("://") ? registry : undefined,
    helpAsked,
  };
}

/**
 * Returns the arguments with a value for each -cp and -r. A URL in the next argument is the flag's value. Only whole arguments
 * count as these flags, while Geneva's services mistake "-c /opt/edgex-res" for -r, because it contains "-r".
 */
function withValues(words: readonly string[]): readonly string[] {
  const given: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? "";
    const alone = valueAlone(word);
    if (alone === undefined) given.push(word);
    else if (/^[^-].*:\/\//.test(words[at + 1] ?? "")) given.push(`${word}=${words[(at += 1)]}`);
    else given.push(`${word}=${alone}`);
  }
  return given;
}

function valueAlone(word: string): string | undefined {
  const [, name = ""] = /^--?(\w+)$/.exec(word) ?? [];
  if (isNameOf("provider", name)) return defaultProviderUrl;
  return isNameOf("registry", name) ? "true" : undefined;
}

function isNameOf(flag: Flag, name: string): boolean {
  return flags[flag].some((known) => known === name);
}

/** Returns the text of --help. */
export function formatServiceUsage(program: string): string {
  return `Usage: ${program} [options]

  -cp, --configProvider[=URL]  Keep the configuration in the provider at URL, as consul.http://host:port.
                               Without a URL: ${defaultProviderUrl}
  -o,  --overwrite             Store the local configuration over what the provider has
  -f,  --file NAME             Name of the local configuration file (also -cf, --configFile)
                               Default: the first there is of configuration.toml, .yaml, .yml and .json
  -p,  --profile NAME          Folder below the configuration folder to take the file from
  -c,  --confdir FOLDER        Folder of the configuration file (also -cd, --configDir). Default: ./res
  -r,  --registry[=URL]        Register the service. Without a URL: with the registry that the configuration names
  -h,  --help                  Show this
`;
}
