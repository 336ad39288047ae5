import type { OperatingError } from "../lib/errors.ts";
import { type Stop, watchAnswers } from "./answer-watch.ts";
import { asWatchError, callBack } from "./failed-call.ts";
import { type HttpClient, jsonOf, unexpectedStatus } from "./http.ts";
import { decodeHealthService, isSameEndpoint, type ServiceEndpoint } from "./service-endpoint.ts";

export interface EndpointWatch {
  /**
   * Called with the service's present address at once, then after each change; with undefined if the service is not registered.
   * A returned promise is not awaited.
   */
  readonly onEndpoint: (endpoint: ServiceEndpoint | undefined) => unknown;
  /**
   * Called if the agent cannot be reached or `onEndpoint` failed. The watch continues; until `onEndpoint` is called again, the
   * last address stays valid.
   */
  readonly onError: (error: OperatingError) => void;
  /** When this signal aborts, the watch stops, as after stop(). */
  readonly signal?: AbortSignal;
}

/** Watches the address of a service, without regard to its health. */
export function watchEndpoint(http: HttpClient, serviceId: string, watch: EndpointWatch): Stop {
  let last: { readonly endpoint: ServiceEndpoint | undefined } | undefined;
  return watchAnswers({
    http,
    path: `/v1/health/service/${encodeURIComponent(serviceId)}`,
    signal: watch.signal,
    onError: (thrown) => watch.onError(asWatchError(thrown)),
    onAnswer(answer) {
      if (answer.status !== 200) throw unexpectedStatus(answer);
      const endpoint = decodeHealthService(jsonOf(answer), serviceId);
      if (last !== undefined && isSameEndpoint(last.endpoint, endpoint)) return;
      last = { endpoint };
      callBack(() => watch.onEndpoint(endpoint), watch.onError);
    },
  });
}
