import { type HttpAnswer, type HttpRequest, unexpectedStatus } from "../client/http.ts";

/** The agent to examine, of Praetor or Consul, by its HTTP API. */
export interface ExaminedAgent {
  readonly url: URL;
  /** Resolves with the answer, whatever its status. @throws OperatingError if the agent does not answer */
  request(request: HttpRequest): Promise<HttpAnswer>;
  /** Does the same for an answer of status 200. @throws OperatingError for any other status */
  ok(request: HttpRequest): Promise<HttpAnswer>;
}

/** Returns the agent whose answers a function gets. */
export function examinedAgent(url: URL, request: ExaminedAgent["request"]): ExaminedAgent {
  return {
    ...{ url, request },
    async ok(asked) {
      const answer = await request(asked);
      if (answer.status !== 200) throw unexpectedStatus(answer);
      return answer;
    },
  };
}
