import { text } from "./answers.ts";

/** The IP address of who asks; undefined on a unix socket. */
type ClientAddress = () => string | undefined;

/** One request under way. */
class Visit {
  readonly #address: ClientAddress;
  #client: string | undefined;

  constructor(address: ClientAddress) {
    this.#address = address;
  }

  /** All who come by unix sockets are one client, as in Consul. */
  get client(): string {
    return (this.#client ??= this.#address() ?? "unix");
  }
}

/**
 * Keeps one client from holding everything: how many requests of one IP address are under way. A connection has at most
 * one at a time, so nobody is refused whom Consul, which counts connections, would let in.
 *
 * Asking for an address costs a write a tenth of its time. So nobody is asked while all together have fewer requests under
 * way than one client may have.
 */
export class ClientLimit {
  /** Below 1: any number. A change holds for requests to come. */
  max: number;
  readonly #underWay = new Set<Visit>();
  /** How many of each client; counted from when there are enough for somebody to have too many, until there are none. */
  #counts: Map<string, number> | undefined;

  constructor(max: number) {
    this.max = max;
  }

  /** How many requests are under way. */
  get underWay(): number {
    return this.#underWay.size;
  }

  answer(address: ClientAddress, request: Request, handle: () => Promise<Response>): Response | Promise<Response> {
    if (this.max < 1) return handle();
    const visit = new Visit(address);
    if (this.#hasTooMany(visit)) return text(429, tooMany, { Connection: "close" });
    this.#begin(visit);
    const end = (): void => this.#end(visit);
    const answer = handle();
    // Beside the answer's way, not on it: a promise more would cost each write.
    answer.then((response) => {
      if (isFollowed(request, response)) request.signal.addEventListener("abort", end, { once: true });
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

/** The log that is followed: an answer without an end. */
function isFollowed({ url, signal }: Request, { status }: Response): boolean {
  return status === 200 && !signal.aborted && url.includes("/agent/monitor");
}

/** Whether a request may be answered much later than it came. */
export function mayBeHeld(url: string): boolean {
  return heldUrl.test(url);
}

const heldUrl = /\b(?:index|hash)=|\/agent\/monitor/;
