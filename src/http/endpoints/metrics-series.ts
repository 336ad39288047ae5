import { intervalMs } from "../../lib/metrics.ts";
import type { MetricsHistory } from "../../lib/metrics-history.ts";
import { json } from "../answers.ts";
import type { Endpoint } from "../route.ts";

export interface MetricsSeriesParts {
  readonly metricsHistory: MetricsHistory;
}

/** Answers with the metrics of the last ten minutes, one value for each interval: those with a `name` of the request, or all. */
export function getMetricsSeries({ metricsHistory }: MetricsSeriesParts): Endpoint {
  return (request) =>
    json(request, {
      IntervalSeconds: intervalMs / 1_000,
      End: metricsHistory.endMs === 0 ? null : new Date(metricsHistory.endMs).toISOString(),
      Series: metricsHistory
        .series(request.query.all("name"))
        .map(({ name, kind, values }) => ({ Name: name, Kind: kind, Values: values })),
    });
}
