import { kvValueBytesMax } from "../model/kv-entry.ts";
import { historyDefaults } from "../model/kv-history.ts";
import { defaultOrigin, type Setting, type SettingValue, type Source } from "./source.ts";

/** The defaults, except those that depend on other settings (leave_on_terminate, advertise_addr). */
export const defaultSource: Source = sourceOf({
  bind_addr: "0.0.0.0",
  client_addr: "127.0.0.1",
  datacenter: "dc1",
  domain: "consul.",
  "ports.dns": 8600,
  "ports.http": 8500,
  "ports.https": -1,
  "ports.grpc": -1,
  "ports.server": 8300,
  "ports.serf_lan": 8301,
  "ports.serf_wan": 8302,
  "ports.sidecar_min_port": 21_000,
  "ports.sidecar_max_port": 21_255,
  "ports.keeper": -1,
  "edgex.ports.policy": "warn",
  "edgex.ports.range": "28000-28999",
  "edgex.message_bus.topic_prefix": "edgex/configs",
  "edgex.jwt.issuer": "/v1/identity/oidc",
  "backup.interval": 24 * 3_600_000,
  "backup.keep": 7,
  check_output_max_size: 4096,
  check_update_interval: 5 * 60_000,
  default_query_time: 5 * 60_000,
  max_query_time: 10 * 60_000,
  session_ttl_min: 0,
  "telemetry.prometheus_retention_time": 60_000,
  "http_config.use_cache": true,
  "limits.http_max_conns_per_client": 200,
  "limits.kv_max_value_size": kvValueBytesMax,
  "limits.txn_max_req_len": 512 * 1024,
  "performance.raft_multiplier": 2,
  "performance.rpc_hold_timeout": 7_000,
  "kv_history.changes": historyDefaults.changesMax,
  "kv_history.max_age": historyDefaults.ageMsMax,
  "kv_history.max_size": historyDefaults.bytesMax,
  log_level: "INFO",
  log_rotate_duration: 24 * 3_600_000,
  reconnect_timeout: 0,
  retry_interval: 30_000,
  ui_content_path: "/ui/",
  tls_min_version: "tls12",
  "dns_config.allow_stale": true,
  "dns_config.max_stale": 87_600 * 3_600_000,
  "dns_config.enable_additional_node_meta_txt": true,
  "dns_config.udp_answer_limit": 3,
  "dns_config.recursor_timeout": 2_000,
  "dns_config.soa.refresh": 3_600,
  "dns_config.soa.retry": 600,
  "dns_config.soa.expire": 86_400,
});

/** The settings that -dev changes: the agent is a server that only this machine can reach. */
export const devSource: Source = sourceOf({
  bind_addr: "127.0.0.1",
  log_level: "DEBUG",
  server: true,
  ui: true,
  "ports.grpc": 8502,
});

function sourceOf(values: Readonly<Record<string, SettingValue>>): Source {
  const settings = Object.entries(values).map(([path, value]): [string, Setting] => [
    path,
    { value, origin: defaultOrigin },
  ]);
  return { settings: new Map(settings), definitions: [] };
}
