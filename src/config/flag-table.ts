import type { FlagSpec } from "../lib/go-flags.ts";

/** One flag of `praetor agent`. */
export interface AgentFlag {
  readonly name: string;
  readonly kind: FlagSpec["kind"];
  /** The configuration field that the flag sets; undefined for flags that set none. */
  readonly field: string | undefined;
  /** The name of the flag's value in the help. */
  readonly placeholder: string;
  /** The flag's description in the help; "" for flags without effect. */
  readonly help: string;
  readonly example: string;
}

type Row = readonly [name: string, field: string, placeholder: string, help: string, example: string];

const text: readonly Row[] = [
  ["advertise", "advertise_addr", "address", "Address that other agents reach this node at.", "-advertise 10.0.0.5"],
  ["advertise-wan", "advertise_addr_wan", "address", "Address for other datacenters.", ""],
  [
    "allow-write-http-from",
    "http_config.allow_write_http_from",
    "cidr",
    "Network (CIDR) that may write; others get 403. Repeatable.",
    "-allow-write-http-from 127.0.0.0/8",
  ],
  ["alt-domain", "alt_domain", "domain", "A second DNS domain for the same names.", ""],
  [
    "bind",
    "bind_addr",
    "address",
    "Address of this node, which -advertise follows. Takes go-sockaddr templates.",
    `-bind '{{ GetInterfaceIP "eth0" }}'`,
  ],
  [
    "client",
    "client_addr",
    "addresses",
    "Addresses of HTTP and HTTPS, separated by blanks.",
    "-client '127.0.0.1 10.0.0.5'",
  ],
  ["data-dir", "data_dir", "folder", "Folder of the data file.", "-data-dir /var/lib/praetor"],
  ["datacenter", "datacenter", "name", "Name of the datacenter.", "-datacenter plant-1"],
  [
    "default-query-time",
    "default_query_time",
    "duration",
    "How long a blocking query without `wait` waits.",
    "-default-query-time 1m",
  ],
  ["domain", "domain", "domain", "DNS domain of the names of nodes and services.", "-domain edgex."],
  ["encrypt", "encrypt", "key", "The secret key that all agents share, as `praetor keygen` prints it.", ""],
  ["join", "start_join", "address", "Server that a client agent joins at start. Repeatable.", "-join 10.0.0.2"],
  ["join-wan", "start_join_wan", "address", "", ""],
  [
    "log-file",
    "log_file",
    "path",
    "File that the log is also written to; in a folder/ it is praetor.log.",
    "-log-file /var/log/praetor/",
  ],
  ["log-level", "log_level", "level", "TRACE, DEBUG, INFO, WARN or ERR.", "-log-level WARN"],
  [
    "log-rotate-duration",
    "log_rotate_duration",
    "duration",
    "Begin a new log file at this age.",
    "-log-rotate-duration 24h",
  ],
  ["max-query-time", "max_query_time", "duration", "Longest wait of a blocking query.", ""],
  ["node", "node_name", "name", "Name of this node, unique in the datacenter.", "-node gateway-7"],
  ["node-id", "node_id", "uuid", "Id of this node, instead of the one kept in the data folder.", ""],
  ["node-meta", "node_meta", "key:value", "A pair shown with this node. Repeatable.", "-node-meta rack:3"],
  ["pid-file", "pid_file", "path", "File to write the process id to.", "-pid-file /run/praetor.pid"],
  ["primary-gateway", "primary_gateways", "address", "", ""],
  ["recursor", "recursors", "address", "DNS server for names outside the domain. Repeatable.", "-recursor 9.9.9.9"],
  ["retry-interval", "retry_interval", "duration", "Longest pause between two attempts of -retry-join.", ""],
  ["retry-interval-wan", "retry_interval_wan", "duration", "", ""],
  [
    "retry-join",
    "retry_join",
    "address",
    "Server that a client agent joins, retried until it answers. Repeatable.",
    "-retry-join 10.0.0.2",
  ],
  ["retry-join-wan", "retry_join_wan", "address", "", ""],
  ["segment", "segment", "name", "", ""],
  ["serf-lan-allowed-cidrs", "serf_lan_allowed_cidrs", "cidr", "", ""],
  ["serf-lan-bind", "serf_lan", "address", "", ""],
  ["serf-wan-allowed-cidrs", "serf_wan_allowed_cidrs", "cidr", "", ""],
  ["serf-wan-bind", "serf_wan", "address", "", ""],
  ["ui-content-path", "ui_content_path", "path", "Path that the browser UI is served at.", ""],
  ["ui-dir", "ui_dir", "folder", "Folder served as the browser UI.", ""],
];

const int: readonly Row[] = [
  ["bootstrap-expect", "bootstrap_expect", "number", "Number of servers that begin a cluster together.", ""],
  ["check_output_max_size", "check_output_max_size", "bytes", "Longest output of a check to keep.", ""],
  ["dns-port", "ports.dns", "port", "Port of DNS, over UDP and TCP; -1 switches it off.", ""],
  ["grpc-port", "ports.grpc", "port", "Shown to clients; nothing listens there.", ""],
  ["http-port", "ports.http", "port", "Port of HTTP; -1 switches it off.", "-http-port 8500"],
  ["https-port", "ports.https", "port", "Port of HTTPS; -1 switches it off.", "-https-port 8501"],
  ["keeper-port", "ports.keeper", "port", "Port of core-keeper's API; -1 switches it off.", "-keeper-port 59890"],
  ["log-rotate-bytes", "log_rotate_bytes", "bytes", "Begin a new log file at this size.", ""],
  ["log-rotate-max-files", "log_rotate_max_files", "number", "Old log files to keep.", ""],
  ["protocol", "protocol", "number", "", ""],
  ["raft-protocol", "raft_protocol", "number", "", ""],
  ["retry-max", "retry_max", "number", "Attempts of -retry-join; 0 for no limit.", ""],
  ["retry-max-wan", "retry_max_wan", "number", "", ""],
  ["serf-lan-port", "ports.serf_lan", "port", "Shown to clients; nothing listens there.", ""],
  ["serf-wan-port", "ports.serf_wan", "port", "Shown to clients; nothing listens there.", ""],
  ["server-port", "ports.server", "port", "Port on which a server accepts client agents; -1 switches it off.", ""],
];

const bool: readonly Row[] = [
  ["bootstrap", "bootstrap", "", "This server stands alone.", "-server -bootstrap"],
  ["disable-host-node-id", "disable_host_node_id", "", "Node ids are always random.", ""],
  ["disable-keyring-file", "disable_keyring_file", "", "", ""],
  [
    "enable-local-script-checks",
    "enable_local_script_checks",
    "",
    "Allow checks that run programs, from files only.",
    "",
  ],
  ["enable-script-checks", "enable_script_checks", "", "Allow checks that run programs, also from the HTTP API.", ""],
  ["log-json", "log_json", "", "Write the log as one JSON object a line.", ""],
  ["non-voting-server", "non_voting_server", "", "", ""],
  ["rejoin", "rejoin_after_leave", "", "Join the known servers again, also after this agent has left.", ""],
  ["server", "server", "", "Keep the catalog; without it the agent is a client of a server.", "-server"],
  ["syslog", "enable_syslog", "", "", ""],
  ["ui", "ui", "", "Serve the browser UI.", "-ui"],
];

/** Flags that set no field but select sources of configuration. */
const special: readonly AgentFlag[] = [
  specialFlag(
    "config-dir",
    "folder",
    "Folder whose .json and .hcl files are read, sorted by name. Repeatable.",
    "-config-dir /etc/praetor.d",
  ),
  specialFlag(
    "config-file",
    "path",
    "File (.json or .hcl) or folder to read. Repeatable.",
    "-config-file /etc/praetor.hcl",
  ),
  specialFlag(
    "config-format",
    "format",
    "Read all files as hcl or json, whatever their extensions.",
    "-config-format hcl",
  ),
  {
    ...specialFlag(
      "dev",
      "",
      "A server that keeps all data in memory and is reachable from this machine only; for trials.",
      "-dev",
    ),
    kind: "bool",
  },
  specialFlag("hcl", "text", "Configuration in HCL, merged last. Repeatable.", "-hcl 'log_level = \"WARN\"'"),
];

function specialFlag(name: string, placeholder: string, help: string, example: string): AgentFlag {
  return { name, kind: "text", field: undefined, placeholder, help, example };
}

function rows(kind: FlagSpec["kind"], table: readonly Row[]): readonly AgentFlag[] {
  return table.map(([name, field, placeholder, help, example]) => ({ name, kind, field, placeholder, help, example }));
}

/** Every flag of `praetor agent`, sorted by name: those of Consul 1.8 and Praetor's own. */
export const agentFlags: readonly AgentFlag[] = [
  ...special,
  ...rows("text", text),
  ...rows("int", int),
  ...rows("bool", bool),
].toSorted((a, b) => (a.name < b.name ? -1 : 1));
