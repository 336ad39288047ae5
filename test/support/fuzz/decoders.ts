import { decodeHealthStatus } from "../../../src/checks/grpc-health.ts";
import { parseHostPort } from "../../../src/checks/host-port.ts";
import { consulStateRows } from "../../../src/cli/migration/consul-state.ts";
import { praetorStateRows } from "../../../src/cli/migration/praetor-state.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { readSource } from "../../../src/config/read-source.ts";
import { interfaceFlags } from "../../../src/config/sockaddr/interfaces.ts";
import { expandTemplate } from "../../../src/config/sockaddr/template.ts";
import { decodeAnswers, decodeQuery } from "../../../src/dns/decode-message.ts";
import { parseCacheControl } from "../../../src/http/cache-control.ts";
import { HttpError } from "../../../src/http/http-error.ts";
import { parseQueryOptions } from "../../../src/http/query-options.ts";
import { QueryString } from "../../../src/http/query-string.ts";
import { cleanPath, splitPath } from "../../../src/http/sent-path.ts";
import { unpackArchive } from "../../../src/lib/checked-archive.ts";
import { parseDuration, parseDurationWithDays } from "../../../src/lib/duration.ts";
import { toServiceDefinition } from "../../../src/keeper/keeper-service.ts";
import { OperatingError } from "../../../src/lib/errors.ts";
import { formatGoUrl, GoUrlError, hostnameOf, parseGoUrl, requestUri, resolveGoUrl } from "../../../src/lib/go-url.ts";
import { compileFilter } from "../../../src/lib/filter/compile-filter.ts";
import { renderTemplate } from "../../../src/model/query-template.ts";
import { SnapshotDecoder } from "../../../src/state/snapshot.ts";
import { decodeAutopilot } from "../../../src/wire/autopilot.ts";
import { decodeCatalogDeregister, decodeCatalogRegister } from "../../../src/wire/catalog-register.ts";
import { decodeCheckDefinition } from "../../../src/wire/check-definition.ts";
import { decodeCheckUpdate } from "../../../src/wire/check-update.ts";
import { decodeConfigEntry } from "../../../src/wire/config-entry.ts";
import { decodeCoordinateUpdate } from "../../../src/wire/coordinate.ts";
import { serviceEntryFields } from "../../../src/wire/filter-fields.ts";
import { decodeIntention } from "../../../src/wire/intention.ts";
import { parseJson } from "../../../src/wire/json.ts";
import { decodeUpdateKeys, renderKeeperValue } from "../../../src/wire/keeper-kvs.ts";
import { decodeKeeperRegistration } from "../../../src/wire/keeper-registration.ts";
import { decodeSecretRequest } from "../../../src/wire/keeper-secret.ts";
import { decodeKeyringKey } from "../../../src/wire/keyring.ts";
import { decodeKvTree } from "../../../src/wire/kv-tree.ts";
import { decodePortRecord } from "../../../src/wire/port-record.ts";
import { validatePreparedQuery, decodePreparedQuery } from "../../../src/wire/prepared-query.ts";
import { decodeServiceDefinition } from "../../../src/wire/service-definition.ts";
import { decodeSession } from "../../../src/wire/session.ts";
import { decodeTxn } from "../../../src/wire/txn.ts";
import { interfaceAddress } from "../interface-address.ts";

/** A decoder of octets from outside the process. */
export interface Decoder {
  /** The name of the decoder and of its corpus folder. */
  readonly name: string;
  /** Fragments of the input language, from which the mutator builds inputs. */
  readonly words: readonly string[];
  /**
   * Decodes the input.
   * @throws any error of the decoder
   */
  run(octets: Uint8Array): unknown;
}

/** Returns whether a thrown value is one of the errors with which a decoder may refuse an input. */
export function isRefusal(thrown: unknown): thrown is Error {
  return thrown instanceof OperatingError || thrown instanceof HttpError || thrown instanceof GoUrlError;
}

const bodyWords = [
  ...["Node", "ID", "Name", "Service", "Check", "Checks", "CheckID", "Tags", "Meta", "Port", "Address", "Weights"],
  ...[
    "TTL",
    "HTTP",
    "Interval",
    "Timeout",
    "Header",
    "Args",
    "AliasService",
    "Status",
    "Definition",
    "Proxy",
    "Connect",
  ],
  ...[
    "TaggedAddresses",
    "KV",
    "Verb",
    "Key",
    "Value",
    "Flags",
    "Index",
    "Session",
    "LockDelay",
    "Behavior",
    "Template",
  ],
  ...[
    "Coord",
    "Vec",
    "Error",
    "Regexp",
    "Type",
    "Kind",
    "SidecarService",
    "Upstreams",
    "Config",
    "Namespace",
    "name_prefix_match",
  ],
];
const hclWords = [
  ...[
    "services",
    "service",
    "checks",
    "check",
    "name",
    "port",
    "tags",
    "interval",
    "http",
    "ttl",
    "args",
    "limits",
    "acl",
  ],
  ...[
    "node_name",
    "server",
    "ports",
    "dns_config",
    "telemetry",
    "watches",
    "encrypt",
    "bind_addr",
    "<<-EOT\n",
    "EOT\n",
  ],
];
const filterWords = [
  ...["Service", "Node", "Checks", "Meta", "Tags", ".", "==", "!=", " in ", " not ", " and ", " or ", " is empty"],
  ...[
    " contains ",
    " matches ",
    " not matches ",
    "(",
    ")",
    "`(a*)*b`",
    "`[[:alpha:]]{1,1000}`",
    '"\\x00"',
    "(?i)",
    "\\pL",
  ],
];
const templateWords = [
  ...[
    "${",
    "}",
    "name.full",
    "name.prefix",
    "name.suffix",
    "match(1)",
    "match(",
    "agent.segment",
    "$${",
    "+",
    "-",
    "?",
    ":",
  ],
];
const sockaddrWords = [
  ...["{{", "}}", "{{- ", " -}}", "/*", "*/", "(", ")", "|", " ", ":=", "=", "$x", "$", ".", ".Name", ".SockAddr"],
  ...["GetPrivateIP", "GetInterfaceIP", "GetAllInterfaces", "include", "exclude", "sort", "limit", "offset", "join"],
  ...["attr", "math", "unique", "rfc", "name", "address", "network", "10.0.0.0/8", "flags", "up|loopback", "(a+)+$"],
  ...["range", "with", "if", "else", "end", "printf", "print", "index", "slice", "len", "eq", "lt", "and", "not"],
  ...["%s%s", "%9d", "`", '"', "'", "\\", "1", "-1", "9".repeat(25), "true", "nil"],
];
const durationWords = ["h", "m", "s", "ms", "us", "µs", "ns", "d", ".", "-", "+", "1", "9".repeat(25)];
const queryWords = [
  "index",
  "wait",
  "near",
  "filter",
  "dc",
  "stale",
  "consistent",
  "keys",
  "recurse",
  "=",
  "&",
  ";",
  "%",
];

const own = {
  id: "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11",
  node: "gw",
  ttlMsMin: 10_000,
};
const addresses = [
  interfaceAddress("lo", "::1/128", { flags: interfaceFlags.up | interfaceFlags.loopback }),
  interfaceAddress("eth0", "10.1.2.3/16", { isDefault: true }),
];

function textOf(octets: Uint8Array): string {
  return new TextDecoder().decode(octets);
}

function body(name: string, decode: (json: unknown) => unknown): Decoder {
  return { name: `body-${name}`, words: bodyWords, run: (octets) => decode(parseJson(octets)) };
}

function text(name: string, words: readonly string[], decode: (text: string) => unknown): Decoder {
  return { name, words, run: (octets) => decode(textOf(octets)) };
}

const bodies: readonly Decoder[] = [
  body("service", (json) => decodeServiceDefinition(json, { source: "api" })),
  body("check", (json) => decodeCheckDefinition(json, { source: "api" })),
  body("check-update", decodeCheckUpdate),
  body("catalog-register", decodeCatalogRegister),
  body("catalog-deregister", decodeCatalogDeregister),
  body("session", (json) => decodeSession(json, own)),
  body("txn", decodeTxn),
  body("prepared-query", (json) => validatePreparedQuery(decodePreparedQuery(json))),
  body("coordinate", decodeCoordinateUpdate),
  body("others", (json) => {
    for (const decode of [decodeIntention, decodeConfigEntry, decodeAutopilot, decodeKeyringKey])
      ignoreRefusal(() => decode(json));
  }),
];

const keeperWords = [
  ...["apiVersion", "v3", "registration", "serviceId", "host", "port", "status", "healthCheck", "interval", "path"],
  ...["type", "value", "requestId", "secretName", "secretData", "key", "UP", "HALT", "1d", "http", "UNKNOWN"],
];
const portWords = [
  "id",
  "revision",
  "service",
  "host",
  "oldPort",
  "newPort",
  "owner",
  "reason",
  "at",
  "state",
  "active",
];

function keeperBody(name: string, decode: (json: unknown) => unknown): Decoder {
  return { name: `body-keeper-${name}`, words: keeperWords, run: (octets) => decode(parseJson(octets)) };
}

const keeperBodies: readonly Decoder[] = [
  keeperBody("registration", (json) => toServiceDefinition(decodeKeeperRegistration(json), { outputBytesMax: 4_096 })),
  keeperBody("value", (json) => renderKeeperValue(decodeUpdateKeys(json))),
  keeperBody("secret", decodeSecretRequest),
];

const texts: readonly Decoder[] = [
  text("hcl", hclWords, (hcl) => readSource(hcl, "hcl", { file: "fuzz.hcl" })),
  text("json-file", hclWords, (json) => readSource(json, "json", { file: "fuzz.json" })),
  text("agent-definitions", hclWords, (hcl) =>
    loadConfig({ args: ["-dev", "-hcl", hcl], env: {}, hostname: "gw", interfaces: () => [] }),
  ),
  text("filter", filterWords, (expression) => compileFilter(expression, serviceEntryFields)(instance)),
  text("query-template", templateWords, (regexp) => renderQuery(regexp)),
  text("sockaddr", sockaddrWords, (template) => expandTemplate(template, addresses)),
  text("duration", durationWords, (duration) => {
    ignoreRefusal(() => parseDurationWithDays(duration));
    return parseDuration(duration);
  }),
  text("query-string", queryWords, (query) => {
    const parsed = new QueryString(query);
    parsed.without("index");
    return parseQueryOptions(parsed);
  }),
  text("cache-control", ["max-age=", "must-revalidate", "stale-if-error=", ",", "9".repeat(18)], parseCacheControl),
  text("host-port", ["127.0.0.1", "[::1]", "[", "]", ":", "%eth0", "8500", "a.b"], (address) => parseHostPort(address)),
  text(
    "go-url",
    ["http://", "user:p@", "[::1%25eth0]", ":80", "/../", "//", "?", "#", "%zz", "%C3%A9", "b\u00fc"],
    (url) => {
      const parsed = resolveGoUrl(parseGoUrl("http://127.0.0.1/a/b"), parseGoUrl(url));
      return [formatGoUrl(parsed), hostnameOf(parsed), requestUri(parsed)];
    },
  ),
  text("path", ["/", "..", ".", "%2f", "%00", "//", "v1", "kv"], (path) => cleanPath(splitPath(path) ?? [])),
];

const octets: readonly Decoder[] = [
  { name: "port-record", words: portWords, run: decodePortRecord },
  { name: "grpc-answer", words: ["\u0008\u0001", "\u0012", "\u0080\u0080\u0080"], run: decodeHealthStatus },
  { name: "kv-export", words: ["key", "flags", "value", "namespace"], run: decodeKvTree },
  { name: "dns-query", words: ["\u0003web\u0007service\u0006consul\0", "\u00c0\u000c"], run: decodeQuery },
  { name: "dns-answers", words: ["\u0003web\u0007service\u0006consul\0", "\u00c0\u000c"], run: decodeAnswers },
  {
    name: "snapshot-rows",
    words: ["praetor-state 1 7\n", "kv", "nodes", "services", "checks", "sessions"],
    run: praetorStateRows,
  },
  {
    name: "snapshot-blocks",
    words: ["praetor-state 1 7\n", "kv", "nodes", "services"],
    run: (state) => {
      const decoder = new SnapshotDecoder();
      for (let at = 0; at < state.length; at += 97) decoder.add(state.subarray(at, at + 97));
      return decoder.finish();
    },
  },
  {
    name: "snapshot-archive",
    words: ["meta.json", "state.bin", "SHA256SUMS"],
    run: (archive) =>
      unpackArchive(new Blob([new Uint8Array(archive)]).stream(), {
        ...{ texts: ["meta.json"], streamed: "state.bin", bytesMax: 1024 * 1024 },
        receive: () => {},
      }),
  },
  {
    name: "consul-state",
    words: ["Node", "Service", "Key", "\u0081", "\u00df\u00ff\u00ff\u00ff\u00ff"],
    run: consulStateRows,
  },
];

/** Every decoder of input from outside the process. */
export const decoders: readonly Decoder[] = [...bodies, ...keeperBodies, ...texts, ...octets];

const instance = {
  Node: { Node: "gw", Address: "127.0.0.1", Meta: { rack: "1" } },
  Service: { ID: "web-1", Service: "web", Tags: ["a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"], Port: 80, Meta: {} },
  Checks: [{ CheckID: "c", Status: "passing", Output: "" }],
};

/** Renders a prepared query. The first line of `input` is the template's regular expression, the second the service's name. */
function renderQuery(input: string): unknown {
  const [regexp = "", service = ""] = input.split("\n");
  const json = {
    Name: "geo-",
    Service: { Service: service, Tags: [service] },
    Template: { Type: "name_prefix_match", Regexp: regexp },
  };
  const query = decodePreparedQuery(json);
  return renderTemplate(query, "geo-db-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-main");
}

function ignoreRefusal(decode: () => unknown): void {
  try {
    decode();
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
  }
}
