import { type Field, unused, used } from "../field.ts";

export const telemetryFields: readonly Field[] = [
  used(
    "telemetry.prometheus_retention_time",
    "duration",
    "1m",
    "0s disables `agent/metrics?format=prometheus`, as it is in Consul by default.",
  ),
  ...unused(
    "metrics are served over HTTP only, by the names in docs/metrics.md",
    {
      circonus_api_app: "string",
      circonus_api_token: "string",
      circonus_api_url: "string",
      circonus_broker_id: "string",
      circonus_broker_select_tag: "string",
      circonus_check_display_name: "string",
      circonus_check_force_metric_activation: "string",
      circonus_check_id: "string",
      circonus_check_instance_id: "string",
      circonus_check_search_tag: "string",
      circonus_check_tags: "string",
      circonus_submission_interval: "string",
      circonus_submission_url: "string",
      disable_hostname: "bool",
      dogstatsd_addr: "string",
      dogstatsd_tags: "strings",
      filter_default: "bool",
      prefix_filter: "strings",
      metrics_prefix: "string",
      statsd_address: "string",
      statsite_address: "string",
    },
    "telemetry.",
  ),
];
