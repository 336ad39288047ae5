/** One port of one host, as somebody names it. */
export interface Place {
  /** "" is this machine. */
  readonly host: string;
  readonly port: number;
}

/** Names that mean the machine that they are used on, wherever that is. */
const loopback = /^(?:localhost|127(?:\.\d+){3}|::1|0\.0\.0\.0|::)?$/;

/**
 * Which names are one host. All names of this machine are one; every other name is a host by itself, so that containers,
 * which have a name each, never get into each other's way.
 */
export class Hosts {
  readonly #own: ReadonlySet<string>;

  /** @param own names and addresses of this machine, beside those that are every machine's own */
  constructor(own: readonly string[]) {
    this.#own = new Set(own.map(bare));
  }

  isOwn(host: string): boolean {
    const name = bare(host);
    return loopback.test(name) || this.#own.has(name);
  }

  /** The same text for all names of one place. */
  key({ host, port }: Place): string {
    return `${this.isOwn(host) ? "" : bare(host)}:${port}`;
  }

  isSame(one: Place, other: Place): boolean {
    return one.port === other.port && this.key(one) === this.key(other);
  }
}

function bare(host: string): string {
  const name = host.startsWith("[") ? host.slice(1, -1) : host;
  return name.toLowerCase();
}
