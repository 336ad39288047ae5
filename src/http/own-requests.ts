import { type HttpAnswer, pathAndQuery } from "../client/http.ts";
import { type ExaminedAgent, examinedAgent } from "../doctor/examined-agent.ts";
import type { Clock } from "../lib/clock.ts";
import { pageWithoutToken, type SentToken } from "../registry/caller.ts";
import type { HttpRequest } from "./http-request.ts";
import { pathOf, SentPath } from "./sent-path.ts";
import { sentToken } from "./sent-token.ts";
import { type RequestHandler, withoutConnection } from "./server.ts";

/**
 * Lets an endpoint ask other endpoints of this agent, with the token and from the address of the request that it answers: so it shows
 * nothing that its caller may not see.
 */
export class OwnRequests {
  readonly #clock: Clock;
  #router: RequestHandler | undefined;
  #url = new URL("http://localhost");

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes the agent's router, once the agent listens. @param addresses those of the HTTP listeners, "127.0.0.1:8500" */
  attach(router: RequestHandler, addresses: readonly string[]): void {
    this.#router = router;
    const [address] = addresses.filter((each) => !each.startsWith("unix:"));
    if (address !== undefined) this.#url = new URL(`http://${address.replace(/^(0\.0\.0\.0|\[::\]):/, "localhost:")}`);
  }

  /** Returns the API for the caller of a request. A long answer is packed, as its Content-Encoding says. */
  of({ raw, target, peerAddress }: Pick<HttpRequest, "raw" | "target" | "peerAddress">): ExaminedAgent {
    const token = sentToken(raw, target);
    return examinedAgent(this.#url, (asked) => this.#ask(pathAndQuery(asked), { token, peerAddress }));
  }

  async #ask(
    target: string,
    { token, peerAddress }: { readonly token: SentToken; readonly peerAddress: string | undefined },
  ): Promise<HttpAnswer> {
    const request = new Request(`http://agent${target}`, { headers: headersFor(token) });
    const response = await this.#router?.handle(request, SentPath.of(pathOf(target)), withoutConnection(peerAddress));
    if (!response) throw new Error("assertion failed: an endpoint is asked before the agent listens");
    if (!response.headers.has("Date")) response.headers.set("Date", new Date(this.#clock.wallMs()).toUTCString());
    return { status: response.status, headers: response.headers, body: new Uint8Array(await response.arrayBuffer()) };
  }
}

/** Returns headers that make the router find the same caller. To join an answer of 5 MiB takes 40 ms, unless it is packed. */
function headersFor(token: SentToken): Record<string, string> {
  const packed = { "Accept-Encoding": "gzip" };
  if (token === undefined) return packed;
  return {
    ...packed,
    ...(token === pageWithoutToken ? { "Sec-Fetch-Site": "same-origin" } : { "X-Consul-Token": token }),
  };
}
