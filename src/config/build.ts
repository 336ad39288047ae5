import { OperatingError } from "../lib/errors.ts";
import { type LogLevel, logLevelNames } from "../lib/log.ts";
import { clientAddresses, clusterAddresses } from "./addresses.ts";
import { buildAccessControl } from "./access-control.ts";
import { buildAutoEncrypt } from "./auto-encrypt.ts";
import { buildAudit } from "./audit.ts";
import { buildHistory } from "./history.ts";
import { buildBackup } from "./backup.ts";
import { buildCluster } from "./cluster.ts";
import { readDefinitions } from "./definitions.ts";
import { buildDns, withFinalDot } from "./dns.ts";
import { buildJwt, buildMessageBus, buildPortAllocation } from "./edgex.ts";
import { type AddressSources, expandHosts } from "./expand.ts";
import { buildKvSchemas } from "./kv-schemas.ts";
import { readPorts } from "./ports.ts";
import type { RuntimeConfig } from "./runtime-config.ts";
import type { Settings } from "./settings.ts";
import type { RawDefinition } from "./source.ts";

export interface BuildInputs extends AddressSources {
  readonly devMode: boolean;
  readonly hostname: string;
  readonly definitions: readonly RawDefinition[];
}

/** Consul's minimum TTL of sessions if session_ttl_min is not set, in milliseconds. */
const sessionTtlMsMinDefault = 10_000;

/**
 * Builds the agent's configuration from the merged settings. validate.ts checks that the settings agree with each other.
 * @throws OperatingError invalid
 */
export function buildConfig(inputs: BuildInputs): Omit<RuntimeConfig, "files" | "warnings" | "consulNodeId"> {
  const { settings, definitions } = inputs;
  const ports = readPorts(settings);
  const identity = buildIdentity(inputs);
  const agent = buildAgent(settings);
  const checkOutputBytesMax = settings.number("check_output_max_size");
  const accessControl = buildAccessControl(settings);
  return {
    ...identity,
    ...clusterAddresses(inputs),
    ...clientAddresses(inputs, ports),
    ...buildHttp(settings),
    ...agent,
    ...readDefinitions(definitions, {
      outputBytesMax: checkOutputBytesMax,
      scripts: { fromApi: agent.enableScriptChecks, fromFiles: agent.enableLocalScriptChecks },
    }),
    ports,
    sidecarPorts: {
      first: settings.number("ports.sidecar_min_port"),
      last: settings.number("ports.sidecar_max_port"),
    },
    dns: buildDns(inputs),
    portAllocation: buildPortAllocation(settings),
    messageBus: buildMessageBus(settings, identity.nodeName),
    checkOutputBytesMax,
    accessControl,
    kvSchemas: buildKvSchemas(settings),
    kvProtect: settings.texts("kv_protect"),
    keeperJwt: buildJwt(settings, accessControl !== undefined),
    autoEncrypt: buildAutoEncrypt(settings),
    audit: buildAudit(settings),
    history: buildHistory(settings),
    backup: buildBackup(settings),
    cluster: buildCluster(settings),
    serverRejoin: {
      join: expandHosts("start_join", inputs),
      retryJoin: expandHosts("retry_join", inputs),
      retryIntervalMs: settings.number("retry_interval"),
      retriesMax: settings.number("retry_max"),
      afterLeave: settings.flag("rejoin_after_leave"),
    },
  };
}

type Identity = Pick<
  RuntimeConfig,
  | "server"
  | "clusterKey"
  | "bootstrap"
  | "bootstrapExpect"
  | "devMode"
  | "datacenter"
  | "nodeName"
  | "nodeId"
  | "nodeMeta"
  | "dnsDomain"
  | "dataDir"
>;

function buildIdentity({ settings, devMode, hostname }: BuildInputs): Identity {
  const expect = settings.number("bootstrap_expect");
  return {
    server: settings.flag("server"),
    clusterKey: clusterKey(settings),
    bootstrap: settings.flag("bootstrap") || expect === 1,
    bootstrapExpect: expect === 1 ? 0 : expect,
    devMode,
    datacenter: settings.text("datacenter").toLowerCase(),
    nodeName: (settings.text("node_name") || hostname).trim(),
    nodeId: settings.text("node_id").toLowerCase(),
    nodeMeta: settings.textMap("node_meta"),
    dnsDomain: withFinalDot(settings.text("domain")),
    // Consul: -dev keeps all data in memory, even if data_dir is set.
    dataDir: devMode ? undefined : settings.optionalText("data_dir"),
  };
}

/**
 * Returns the decoded `encrypt` key; undefined if it is not set. @throws OperatingError invalid; its text does not contain the
 * key
 */
function clusterKey(settings: Settings): Uint8Array | undefined {
  const text = settings.text("encrypt");
  if (text === "") return undefined;
  const isBase64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text);
  const key = Buffer.from(text, "base64");
  if (isBase64 && [16, 24, 32].includes(key.length)) return key;
  const fault = isBase64 ? `it has ${key.length} bytes, and must have 16, 24 or 32` : "it is not base64";
  const message = `encrypt has invalid key: ${fault}. Make one with \`praetor keygen\`${settings.from("encrypt")}`;
  throw new OperatingError("invalid", "invalid-config", message);
}

type Http = Pick<
  RuntimeConfig,
  | "tls"
  | "tlsForChecks"
  | "ui"
  | "uiDir"
  | "uiContentPath"
  | "uiReadOnly"
  | "httpHeaders"
  | "httpBlockEndpoints"
  | "httpAllowedHosts"
  | "httpAllowsUnprintable"
  | "httpAllowWriteFrom"
  | "httpUseCache"
  | "httpConnectionsMax"
  | "unixSocket"
  | "blockingQuery"
  | "sessionTtlMsMin"
  | "kvValueBytesMax"
  | "txnBytesMax"
  | "disableCoordinates"
>;

function buildHttp(settings: Settings): Http {
  return {
    tls: {
      caFile: settings.optionalText("ca_file"),
      caPath: settings.optionalText("ca_path"),
      certFile: settings.optionalText("cert_file"),
      keyFile: settings.optionalText("key_file"),
      asksServers: settings.flag("auto_encrypt.tls"),
      verify: {
        incoming: settings.flag("verify_incoming"),
        incomingHttps: settings.flag("verify_incoming_https"),
        incomingRpc: settings.flag("verify_incoming_rpc"),
        outgoing: settings.flag("verify_outgoing"),
        serverHostname: settings.flag("verify_server_hostname"),
      },
      minVersion: settings.text("tls_min_version"),
      cipherSuites: splitList(settings.text("tls_cipher_suites")),
      preferServerCipherSuites: settings.flag("tls_prefer_server_cipher_suites"),
    },
    tlsForChecks: {
      enabled: settings.flag("enable_agent_tls_for_checks"),
      serverName: settings.text("server_name"),
    },
    ui: settings.flag("ui"),
    uiDir: settings.optionalText("ui_dir"),
    uiContentPath: withSlashes(settings.text("ui_content_path")),
    uiReadOnly: settings.flag("ui_config.read_only"),
    httpHeaders: settings.textMap("http_config.response_headers"),
    httpBlockEndpoints: settings.texts("http_config.block_endpoints"),
    httpAllowsUnprintable: settings.flag("disable_http_unprintable_char_filter"),
    httpAllowedHosts: settings.texts("http_config.allowed_hosts"),
    httpAllowWriteFrom: settings.texts("http_config.allow_write_http_from").map((cidr) => cidr.trim()),
    httpUseCache: settings.flag("http_config.use_cache"),
    httpConnectionsMax: settings.number("limits.http_max_conns_per_client"),
    unixSocket: {
      user: settings.text("unix_sockets.user"),
      group: settings.text("unix_sockets.group"),
      mode: settings.text("unix_sockets.mode"),
    },
    blockingQuery: { defaultMs: settings.number("default_query_time"), maxMs: settings.number("max_query_time") },
    sessionTtlMsMin: settings.number("session_ttl_min") || sessionTtlMsMinDefault,
    kvValueBytesMax: settings.number("limits.kv_max_value_size"),
    txnBytesMax: settings.number("limits.txn_max_req_len"),
    disableCoordinates: settings.flag("disable_coordinates"),
  };
}

type Agent = Pick<
  RuntimeConfig,
  | "log"
  | "pidFile"
  | "prometheusRetentionMs"
  | "enableScriptChecks"
  | "enableLocalScriptChecks"
  | "discardCheckOutput"
  | "checkUpdateIntervalMs"
  | "reconnectTimeoutMs"
  | "leaveOnTerminate"
  | "skipLeaveOnInterrupt"
>;

function buildAgent(settings: Settings): Agent {
  const server = settings.flag("server");
  const scripts = settings.flag("enable_script_checks");
  return {
    log: {
      level: logLevel(settings),
      json: settings.flag("log_json"),
      file: settings.optionalText("log_file"),
      rotateBytes: settings.number("log_rotate_bytes"),
      rotateAfterMs: settings.number("log_rotate_duration"),
      rotatedFilesMax: settings.number("log_rotate_max_files"),
    },
    // Consul drops metrics that were not updated for this time. Praetor keeps all metrics, and any value above 0 enables the
    // format of Prometheus.
    prometheusRetentionMs: settings.number("telemetry.prometheus_retention_time"),
    pidFile: settings.optionalText("pid_file"),
    enableScriptChecks: scripts,
    enableLocalScriptChecks: settings.optionalFlag("enable_local_script_checks") ?? scripts,
    discardCheckOutput: settings.flag("discard_check_output"),
    checkUpdateIntervalMs: settings.number("check_update_interval"),
    reconnectTimeoutMs: settings.number("reconnect_timeout"),
    // Consul: a server that leaves is removed from the cluster, so only a client agent leaves on SIGTERM by default.
    leaveOnTerminate: settings.optionalFlag("leave_on_terminate") ?? !server,
    skipLeaveOnInterrupt: settings.optionalFlag("skip_leave_on_interrupt") ?? server,
  };
}

function logLevel(settings: Settings): LogLevel {
  const name = settings.text("log_level");
  const level = logLevelNames.get(name.toUpperCase());
  if (level !== undefined) return level;
  const valid = [...logLevelNames.keys()].join(" ");
  const message = `Invalid log level: ${name}. Valid log levels are: [${valid}]${settings.from("log_level")}`;
  throw new OperatingError("invalid", "invalid-config", message);
}

/** Splits a text at its commas. Consul: blanks around the commas are not removed. */
function splitList(text: string): readonly string[] {
  return text === "" ? [] : text.split(",");
}

function withSlashes(path: string): string {
  return `/${path.replace(/^\/+|\/+$/g, "")}/`.replace("//", "/");
}
