/**
 * Returns the last value of a flag of the agent, in any of Go's forms: `-x v`, `-x=v`, `--x v`, `--x=v`; undefined without the
 * flag.
 */
export function flagValue(flags: readonly string[], name: string): string | undefined {
  let value: string | undefined;
  flags.forEach((word, at) => {
    const [, found, attached] = /^--?([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (found === name) value = attached ?? flags[at + 1];
  });
  return value;
}

/** Returns the URL of an agent with these flags, for programs on the same machine. */
export function agentUrlOf(flags: readonly string[]): string {
  return `http://${localHostOf(flagValue(flags, "client"))}:${flagValue(flags, "http-port") ?? "8500"}`;
}

/** Returns the URL of the agent's core-keeper API, for programs on the same machine; undefined if the API is off. */
export function keeperUrlOf(flags: readonly string[], defaultPort: number): string | undefined {
  const port = flagValue(flags, "keeper-port") ?? String(defaultPort);
  return Number(port) > 0 ? `http://${localHostOf(flagValue(flags, "client"))}:${port}` : undefined;
}

/**
 * Returns a host at which this machine reaches an agent with this `-client` flag: 127.0.0.1, or the flag's first address if the
 * agent does not listen on 127.0.0.1.
 */
function localHostOf(client: string | undefined): string {
  const addresses = (client ?? "").split(/\s+/).filter((address) => /^[\da-fA-F.:]+$/.test(address));
  const first = addresses[0];
  if (first === undefined || addresses.some((address) => ["0.0.0.0", "127.0.0.1", "::"].includes(address)))
    return "127.0.0.1";
  return first.includes(":") ? `[${first}]` : first;
}
