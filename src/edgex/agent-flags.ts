/** The last value of an agent's flag, in any of Go's forms: `-x v`, `-x=v`, `--x v`, `--x=v`. */
export function flagValue(flags: readonly string[], name: string): string | undefined {
  let value: string | undefined;
  flags.forEach((word, at) => {
    const [, found, attached] = /^--?([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (found === name) value = attached ?? flags[at + 1];
  });
  return value;
}

/** Where a program on the same machine reaches the agent that is started with these flags. */
export function agentUrlOf(flags: readonly string[]): string {
  return `http://${localHostOf(flagValue(flags, "client"))}:${flagValue(flags, "http-port") ?? "8500"}`;
}

/** Where a service of EdgeX 4 on the same machine reaches core-keeper's API of that agent; undefined: it is switched off. */
export function keeperUrlOf(flags: readonly string[], defaultPort: number): string | undefined {
  const port = flagValue(flags, "keeper-port") ?? String(defaultPort);
  return Number(port) > 0 ? `http://${localHostOf(flagValue(flags, "client"))}:${port}` : undefined;
}

/** `-client` is a list of addresses; one that means "all" includes the loopback, and a template is left to the agent. */
function localHostOf(client: string | undefined): string {
  const addresses = (client ?? "").split(/\s+/).filter((address) => /^[\da-fA-F.:]+$/.test(address));
  const first = addresses[0];
  if (first === undefined || addresses.some((address) => ["0.0.0.0", "127.0.0.1", "::"].includes(address)))
    return "127.0.0.1";
  return first.includes(":") ? `[${first}]` : first;
}
