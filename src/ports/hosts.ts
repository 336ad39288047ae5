/** A port of a host, as a registration, a stored configuration or the agent's configuration names it. */
export interface HostPort {
  /** The host's name or address; "" for this machine. */
  readonly host: string;
  readonly port: number;
}

/** Matches the hosts that mean "this machine" on every machine. */
const loopback = /^(?:localhost|127(?:\.\d+){3}|::1|0\.0\.0\.0|::)?$/;

/**
 * Decides which names mean the same host. All names of this machine mean one host. Every other name means a separate host, so
 * containers, each with its own name, never conflict.
 */
export class Hosts {
  readonly #own: ReadonlySet<string>;

  /** @param own names and addresses of this machine, in addition to the loopback addresses */
  constructor(own: readonly string[]) {
    this.#own = new Set(own.map(bare));
  }

  isOwn(host: string): boolean {
    const name = bare(host);
    return loopback.test(name) || this.#own.has(name);
  }

  /** Returns the text "host:port", which is the same for all names of a host. The host is empty for this machine. */
  key({ host, port }: HostPort): string {
    return `${this.isOwn(host) ? "" : bare(host)}:${port}`;
  }

  isSame(one: HostPort, other: HostPort): boolean {
    return one.port === other.port && this.key(one) === this.key(other);
  }
}

function bare(host: string): string {
  const name = host.startsWith("[") ? host.slice(1, -1) : host;
  return name.toLowerCase();
}
