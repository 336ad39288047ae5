import type { Meter, Metrics } from "../lib/metrics.ts";
import type { Route } from "./route.ts";
import { SampledLatency } from "./sampled-latency.ts";

const methods = ["GET", "PUT", "POST", "DELETE"];

/** Measures how long requests take, by route and method: `consul.http.GET.v1.kv._`. */
export class HttpMetrics {
  readonly #byRoute = new Map<Route, ReadonlyMap<string, Meter>>();

  constructor(metrics: Metrics, routes: readonly Route[]) {
    for (const route of routes) {
      if (!route.path.startsWith("/v1/")) continue;
      // Consul: the label of a route that matches longer paths too ends in "_".
      const label = route.path.slice(1).replaceAll("/", ".").replace(/\.$/, "._");
      const meters = methods.map((method): [string, Meter] => [
        method,
        metrics.sample(`consul.http.${method}.${label}`),
      ]);
      this.#byRoute.set(route, new Map(meters));
    }
  }

  took(route: Route, method: string, ms: number): void {
    this.#byRoute.get(route)?.get(method)?.add(ms);
  }

  /** Returns a meter for the latency of one kept answer of this route. */
  repeatsOf(route: Route | undefined): SampledLatency {
    return new SampledLatency(route && this.#byRoute.get(route)?.get("GET"));
  }
}
