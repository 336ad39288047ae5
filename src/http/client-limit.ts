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
  answer(client: string | undefined, request: Request, handle: () => Answering): Answering {
    return this.max < 1 ? handle() : this.#admit(client ?? "unix", request, handle);
  }

  #admit(client: string, request: Request, handle: () => Answering): Answering {
    const others = this.#underWay.get(client) ?? 0;
    if (others >= this.max) return text(429, tooMany, { Connection: "close" });
    this.#underWay.set(client, others + 1);
    return this.#untilOver(client, request, handle);
  }

  async #untilOver(client: string, request: Request, handle: () => Answering): Promise<Response> {
    let isOver = true;
    try {
      const response = await handle();
      isOver = !isFollowed(request, response);
      if (!isOver) request.signal.addEventListener("abort", () => this.#end(client), { once: true });
      return response;
    } finally {
      if (isOver) this.#end(client);
    }
  }

  #end(client: string): void {
    const others = (this.#underWay.get(client) ?? 1) - 1;
    if (others === 0) this.#underWay.delete(client);
    else this.#underWay.set(client, others);
  }
}

type Answering = Response | Promise<Response>;

const tooMany = "Your IP is issuing too many concurrent connections, please rate limit your calls\n";

/** The log that is followed: an answer without an end. */
function isFollowed({ url, signal }: Request, { status }: Response): boolean {
  return status === 200 && !signal.aborted && url.includes("/agent/monitor");
}
