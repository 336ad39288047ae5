import { statSync } from "node:fs";
import { OperatingError } from "../lib/errors.ts";
import { metadataFault } from "../wire/metadata.ts";
import { parseCidr } from "../lib/ip-address.ts";
import { cipherSuites, listenerOptions, readTlsFiles } from "../lib/tls-files.ts";
import { refuseSharedAddresses } from "./ports.ts";
import type { RuntimeConfig } from "./runtime-config.ts";
import type { Settings } from "./settings.ts";

/**
 * Checks that the settings are valid and agree with each other, in Consul's order and with its error texts.
 * @throws OperatingError invalid
 */
export function validateConfig(config: RuntimeConfig, settings: Settings): void {
  validateNames(config, settings);
  validateDataDir(config, settings);
  validateUi(config, settings);
  validateDns(config, settings);
  validateBootstrap(config, settings);
  if (config.checkOutputBytesMax < 1)
    fail("check_output_max_size must be positive, to discard check output use the discard_check_output flag");
  for (const cidr of config.httpAllowWriteFrom)
    if (parseCidr(cidr) === undefined)
      fail(`allow_write_http_from: invalid cidr: ${cidr}${settings.from("http_config.allow_write_http_from")}`);
  refuseSharedAddresses(config);
  validatePortRanges(settings);
  validateTls(config, settings);
}

/** Reads certificates and keys, so that `validate` and a reload report what would keep the agent from starting. */
function validateTls({ tls, server }: RuntimeConfig, settings: Settings): void {
  const [asks, signs] = ["auto_encrypt.tls", "auto_encrypt.allow_tls"];
  if (server && settings.flag(asks)) fail(`auto_encrypt.tls can only be used on a client.${settings.from(asks)}`);
  if (!server && settings.flag(signs))
    fail(`auto_encrypt.allow_tls can only be used on a server.${settings.from(signs)}`);
  refuseAutoConfig(settings);
  for (const name of tls.cipherSuites)
    if (!cipherSuites.has(name)) {
      const known = [...cipherSuites.keys()].join(",");
      fail(
        `tls_cipher_suites: invalid tls cipher suites: unsupported cipher ${JSON.stringify(name)}; there are ${known}${settings.from("tls_cipher_suites")}`,
      );
    }
  listenerOptions(tls, readTlsFiles(tls), false);
}

/** Refuses auto_config, so that no agent runs without the encryption that its operator expects of it. */
function refuseAutoConfig(settings: Settings): void {
  const field = "auto_config.enabled";
  if (!settings.flag(field)) return;
  if (settings.flag("auto_encrypt.tls"))
    fail(`both auto_encrypt.tls and auto_config.enabled cannot be set to true.${settings.from(field)}`);
  fail(
    `${field} is not supported: this agent asks no server for its configuration. Set auto_encrypt.tls for a certificate, and ` +
      `encrypt and acl.tokens in a file${settings.from(field)}`,
  );
}

/**
 * Checks the port ranges. As in Consul, these include the ranges of proxies and exposed paths, from which Praetor assigns no
 * ports.
 */
function validatePortRanges(settings: Settings): void {
  for (const name of ["proxy", "sidecar", "expose"]) {
    const [least, most] = [`ports.${name}_min_port`, `ports.${name}_max_port`];
    const isGiven = settings.has(least) && settings.has(most);
    if (isGiven && settings.number(most) < settings.number(least))
      fail(`${name}_min_port must be less than ${name}_max_port. To disable, set both to zero.${settings.from(most)}`);
  }
}

function validateNames(config: RuntimeConfig, settings: Settings): void {
  const { datacenter, nodeName, nodeId, nodeMeta } = config;
  if (datacenter === "") fail(`datacenter cannot be empty${settings.from("datacenter")}`);
  if (!/^[a-z0-9_-]+$/.test(datacenter)) {
    const received = JSON.stringify(datacenter);
    fail(`datacenter cannot be ${received}. Please use only [a-z0-9-_]${settings.from("datacenter")}`);
  }
  if (nodeName === "") fail("node_name cannot be empty");
  if (nodeId !== "" && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(nodeId))
    fail(`node_id: ${JSON.stringify(nodeId)} is not a UUID${settings.from("node_id")}`);
  const fault = metadataFault(nodeMeta);
  if (fault !== undefined) fail(`node_meta invalid: ${fault}${settings.from("node_meta")}`);
}

function validateDataDir({ dataDir, devMode }: RuntimeConfig, settings: Settings): void {
  if (devMode) return;
  if (dataDir === undefined) fail("data_dir cannot be empty: set -data-dir, or use -dev to try things out");
  const stat = statSync(dataDir, { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isDirectory())
    fail(`data_dir ${JSON.stringify(dataDir)} is not a directory${settings.from("data_dir")}`);
}

function validateUi({ ui, uiDir, uiContentPath, devMode }: RuntimeConfig, settings: Settings): void {
  const from = settings.from("ui_content_path");
  if (!/^[A-Za-z0-9/_-]+$/.test(uiContentPath))
    fail(`ui-content-path can only contain alphanumeric, -, _, or /. received: ${uiContentPath}${from}`);
  if (uiContentPath === "/") fail(`ui-content-path cannot be /: that path leads to the UI${from}`);
  if (/^\/v\d+\/$/.test(uiContentPath)) fail(`ui-content-path cannot have 'v[0-9]'. received: ${uiContentPath}${from}`);
  if (ui && uiDir !== undefined && !devMode)
    fail("Both the ui and ui-dir flags were specified, please provide only one: ui-dir for your own pages, else ui");
}

function validateDns({ dns, datacenter }: RuntimeConfig, settings: Settings): void {
  const label = dns.altDomain.split(".")[0] ?? "";
  if (["service", "connect", "node", "query", "addr", datacenter].includes(label))
    fail(`alt_domain cannot start with {service,connect,node,query,addr,${datacenter}}${settings.from("alt_domain")}`);
  for (const path of ["dns_config.udp_answer_limit", "dns_config.a_record_limit"]) {
    const limit = settings.number(path);
    if (limit < 0) fail(`${path} cannot be ${limit}. Must be greater than or equal to zero${settings.from(path)}`);
  }
}

function validateBootstrap(config: RuntimeConfig, settings: Settings): void {
  const { server, bootstrap, bootstrapExpect: expect, devMode } = config;
  if (bootstrap && !server) fail("'bootstrap = true' requires 'server = true'");
  if (expect < 0)
    fail(
      `bootstrap_expect cannot be ${expect}. Must be greater than or equal to zero${settings.from("bootstrap_expect")}`,
    );
  if (expect > 0 && !server) fail("'bootstrap_expect > 0' requires 'server = true'");
  if (expect > 0 && devMode) fail("'bootstrap_expect > 0' not allowed in dev mode");
  if (expect > 0 && bootstrap) fail("'bootstrap_expect > 0' and 'bootstrap = true' are mutually exclusive");
}

function fail(message: string): never {
  throw new OperatingError("invalid", "invalid-config", message);
}
