import { text } from "./answers.ts";

/** Returns the client's IP address, or undefined on a unix socket. */
type ClientAddress = () => string | undefined;

/** A request under way, with its client. */
class Visit {
  readonly #address: ClientAddress;
  #client: string | undefined;

  constructor(address: ClientAddress) {
    this.#address = address;
  }

  /** The client's IP address. Consul: all connections on unix sockets count as one client. */
  get client(): string {
    return (this.#client ??= this.#address() ?? "unix");
  }
}

/**
 * Limits how many requests one IP address has under way. Consul counts connections, and a connection has at most one request
 * under way: every client that Consul accepts is accepted here.
 *
 * An address look-up costs a tenth of a write's time. So the limit looks addresses up only while all clients together have as
 * many requests under way as one client may have.
 */
export class ClientLimit {
  /** Maximum number of requests that one client may have under way; no limit below 1. A change applies to new requests. */
  max: number;
  readonly #underWay = new Set<Visit>();
  /**
   * Number of requests under way by client. Undefined until all clients together have as many as one client may have, and again
   * when no request is under way.
   */
  #counts: Map<string, number> | undefined;

  constructor(max: number) {
    this.max = max;
  }

  /** The number of requests under way. */
  get underWay(): number {
    return this.#underWay.size;
  }

  /**
   * Answers a request, or refuses it with 429.
   * @param stream aborts when the client disconnects; given for a streamed answer, which ends only then
   */
  answer(address: ClientAddress, handle: () => Promise<Response>, stream?: AbortSignal): Response | Promise<Response> {
    if (this.max < 1) return handle();
    const visit = new Visit(address);
    if (this.#hasTooMany(visit)) return text(429, tooMany, { Connection: "close" });
    this.#begin(visit);
    const end = (): void => this.#end(visit);
    const answer = handle();
    // The promise that `then` returns is not awaited, since an await would slow down each write.
    answer.then(({ status }) => {
      if (stream && status === 200 && !stream.aborted) stream.addEventListener("abort", end, { once: true });
      else end();
    }, end);
    return answer;
  }

  #hasTooMany(visit: Visit): boolean {
    if (this.#underWay.size < this.max) return false;
    this.#counts ??= countClients(this.#underWay);
    return (this.#counts.get(visit.client) ?? 0) >= this.max;
  }

  #begin(visit: Visit): void {
    this.#underWay.add(visit);
    this.#count(visit, 1);
  }

  #end(visit: Visit): void {
    this.#underWay.delete(visit);
    this.#count(visit, -1);
    if (this.#underWay.size === 0) this.#counts = undefined;
  }

  #count(visit: Visit, change: 1 | -1): void {
    if (this.#counts === undefined) return;
    const count = (this.#counts.get(visit.client) ?? 0) + change;
    if (count === 0) this.#counts.delete(visit.client);
    else this.#counts.set(visit.client, count);
  }
}

function countClients(visits: Iterable<Visit>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { client } of visits) counts.set(client, (counts.get(client) ?? 0) + 1);
  return counts;
}

const tooMany = "Your IP is issuing too many concurrent connections, please rate limit your calls\n";
