import type { OperatingError } from "../lib/errors.ts";
import { type Stop, watchAnswers } from "./answer-watch.ts";
import { asWatchError, callBack } from "./failed-call.ts";
import { type HttpClient, jsonOf, unexpectedStatus } from "./http.ts";
import { decodeHealthService, isSameEndpoint, type ServiceEndpoint } from "./service-endpoint.ts";

export interface EndpointWatch {
  /** First where the service is now, at once; then each change. undefined: it is not registered. A promise is not waited for. */
  readonly onEndpoint: (endpoint: ServiceEndpoint | undefined) => unknown;
  /** The agent cannot be asked, or `onEndpoint` failed; the watch goes on, and what was told last still counts. */
  readonly onError: (error: OperatingError) => void;
  /** Stops the watch, as stop() does. */
  readonly signal?: AbortSignal;
}

/** Follows where a service can be called. Its health does not count: a change of that is not told. */
export function watchEndpoint(http: HttpClient, serviceId: string, watch: EndpointWatch): Stop {
  let told: { readonly endpoint: ServiceEndpoint | undefined } | undefined;
  return watchAnswers({
    http,
    path: `/v1/health/service/${encodeURIComponent(serviceId)}`,
    signal: watch.signal,
    onError: (thrown) => watch.onError(asWatchError(thrown)),
    onAnswer(answer) {
      if (answer.status !== 200) throw unexpectedStatus(answer);
      const endpoint = decodeHealthService(jsonOf(answer), serviceId);
      if (told !== undefined && isSameEndpoint(told.endpoint, endpoint)) return;
      told = { endpoint };
      callBack(() => watch.onEndpoint(endpoint), watch.onError);
    },
  });
}
