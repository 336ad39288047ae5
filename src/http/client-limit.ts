import { text } from "./answers.ts";

/**
 * Keeps one client from holding everything: how many requests of one IP address are under way. A connection has at most
 * one at a time, so nobody is refused whom Consul, which counts connections, would let in.
 */
export class ClientLimit {
  /** Below 1: any number. A change holds for requests to come. */
  max: number;
  readonly #underWay = new Map<string, number>();

  constructor(max: number) {
    this.max = max;
  }

  /** How many clients have any under way. */
  get clients(): number {
    return this.#underWay.size;
  }

  /** @param client its IP address; all who come by unix sockets are one client, as in Consul */
  answer(client: string | undefined, request: Request, handle: () => Promise<Response>): Response | Promise<Response> {
    return this.max < 1 ? handle() : this.#admit(client ?? "unix", request, handle);
  }

  #admit(client: string, request: Request, handle: () => Promise<Response>): Response | Promise<Response> {
    const others = this.#underWay.get(client) ?? 0;
    if (others >= this.max) return text(429, tooMany, { Connection: "close" });
    this.#underWay.set(client, others + 1);
    const end = (): void => this.#end(client);
    const answer = handle();
    // Beside the answer's way, not on it: a promise more would cost each write.
    answer.then((response) => {
      if (isFollowed(request, response)) request.signal.addEventListener("abort", end, { once: true });
      else end();
    }, end);
    return answer;
  }

  #end(client: string): void {
    const others = (this.#underWay.get(client) ?? 1) - 1;
    if (others === 0) this.#underWay.delete(client);
    else this.#underWay.set(client, others);
  }
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
