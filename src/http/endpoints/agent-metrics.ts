import { encodeMetrics, renderPrometheus } from "../../wire/metrics.ts";
import { json } from "../answers.ts";
import type { Api, Endpoint } from "../api.ts";
import { HttpError } from "../http-error.ts";

export function getMetrics(api: Api): Endpoint {
  return (request) => {
    if (request.query.get("format") !== "prometheus") return json(request, encodeMetrics(api.metrics.lately()));
    if (!api.prometheus) {
      throw new HttpError(415, "Prometheus is not enabled since its retention time is not positive");
    }
    const headers = { "Content-Type": "text/plain; version=0.0.4; charset=utf-8", Vary: "Accept-Encoding" };
    return new Response(renderPrometheus(api.metrics.total()), { headers });
  };
}
