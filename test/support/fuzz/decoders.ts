import { decodeHealthStatus } from "../../../src/checks/grpc-health.ts";
import { parseHostPort } from "../../../src/checks/host-port.ts";
import { consulStateRows } from "../../../src/cli/migration/consul-state.ts";
import { praetorStateRows } from "../../../src/cli/migration/praetor-state.ts";
import { compileKvSchemas } from "../../../src/config/kv-schemas.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { readSource } from "../../../src/config/read-source.ts";
import { interfaceFlags } from "../../../src/config/sockaddr/interfaces.ts";
import { expandTemplate } from "../../../src/config/sockaddr/template.ts";
import { decodeAnswers, decodeQuery } from "../../../src/dns/decode-message.ts";
import { parseCacheControl } from "../../../src/http/cache-control.ts";
import { parseQueryOptions } from "../../../src/http/query-options.ts";
import { QueryString } from "../../../src/http/query-string.ts";
import { cleanPath, splitPath } from "../../../src/http/sent-path.ts";
import { unpackArchive } from "../../../src/lib/checked-archive.ts";
import { parseDuration, parseDurationWithDays } from "../../../src/lib/duration.ts";
import { toServiceDefinition } from "../../../src/keeper/keeper-service.ts";
import { formatGoUrl, hostnameOf, parseGoUrl, requestUri, resolveGoUrl } from "../../../src/lib/go-url.ts";
import { compileFilter } from "../../../src/lib/filter/compile-filter.ts";
import { renderTemplate } from "../../../src/model/query-template.ts";
import { describeFault } from "../../../src/model/value-rules.ts";
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
import { decodeKvTrial } from "../../../src/wire/kv-trial.ts";
import { decodeKvTree } from "../../../src/wire/kv-tree.ts";
import { decodePortRecord } from "../../../src/wire/port-record.ts";
import { validatePreparedQuery, decodePreparedQuery } from "../../../src/wire/prepared-query.ts";
import { decodeServiceDefinition } from "../../../src/wire/service-definition.ts";
import { decodeSession } from "../../../src/wire/session.ts";
import { decodeTxn } from "../../../src/wire/txn.ts";
import { pemOfDer, readCertificates } from "./certificates.ts";
import { interfaceAddress } from "../interface-address.ts";
import { accessDecoders } from "./access-decoders.ts";
import { type Decoder, ignoreRefusal } from "./decoder.ts";

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
  body("kv-trial", decodeKvTrial),
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

const valueWords = [
  ...[
    "edgex/core/1.0/a/Service/Port",
    "edgex/v4/a/Writable/LogLevel",
    "edgex/v4/a/Service/RequestTimeout",
    "app/",
    "~",
  ],
  ...["\n", "{", "}", "[", "]", '"n":', '"list":', '"child":', '"aab"', "1e400", "-0", "null", "\\ud800"],
];
const fuzzedSchema = {
  properties: { n: { type: "integer" }, list: { maxItems: 9, uniqueItems: true }, child: { $ref: "#" } },
  patternProperties: { "^(a+)+$": { type: "string", pattern: "^(a+)+$" } },
  additionalProperties: false,
};
const valueRules = await compileKvSchemas({
  ...{ isEnforced: true, coversEdgex: true },
  schemas: [{ folder: "app", file: "fuzz.json", text: JSON.stringify(fuzzedSchema) }],
});

const texts: readonly Decoder[] = [
  text("key-value", valueWords, (written) => {
    const [key = "", ...lines] = written.split("\n");
    const value = new TextEncoder().encode(lines.join("\n"));
    const fault = valueRules?.faultOf(key, value);
    return fault && describeFault(key, value, fault);
  }),
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

const pemWords = [
  ...["CERTIFICATE", "EC PRIVATE KEY", "PRIVATE KEY", "X509 CRL"].flatMap((type) => [
    `-----BEGIN ${type}-----\n`,
    `-----END ${type}-----\n`,
  ]),
  ...["\r\n", "MII", "=", "Proc-Type: 4,ENCRYPTED\n"],
];
/** Object identifiers of extensions, and tags with lengths. */
const derWords = [
  ...["\u0006\u0003U\u001d\u000e", "\u0006\u0003U\u001d#", "\u0006\u0003U\u001d\u001e", "\u0006\u0003U\u001d\u0013"],
  ...["0\u0080", "0\u0082", "\u0084\u007f\u007f\u007f", "\u0001\u0001\u0000", "\u0004\u0000"],
];

const certificates: readonly Decoder[] = [
  { name: "certificate-files", words: pemWords, run: readCertificates },
  { name: "certificate-der", words: derWords, run: (der) => readCertificates(Buffer.from(pemOfDer(der))) },
];

/** Every decoder of input from outside the process. */
export const decoders: readonly Decoder[] = [
  ...bodies,
  ...keeperBodies,
  ...texts,
  ...octets,
  ...accessDecoders,
  ...certificates,
];

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
