import { compileSelector } from "../../../src/acl/login-identity.ts";
import { rightsOf } from "../../../src/acl/rights.ts";
import { parseRules } from "../../../src/acl/rules.ts";
import { translateRules } from "../../../src/acl/translate.ts";
import { checkClaims, identityOfClaims, registeredClaims } from "../../../src/acl/web-token-claims.ts";
import { authMethodConfigFault } from "../../../src/http/auth-method-config.ts";
import { readWebToken } from "../../../src/http/logins/web-token.ts";
import { sentToken } from "../../../src/http/sent-token.ts";
import { isRecord } from "../../../src/lib/is-record.ts";
import {
  decodeAclAuthMethod,
  decodeAclAuthorizations,
  decodeAclBindingRule,
  decodeAclPolicy,
  decodeAclRole,
  decodeAclToken,
  decodeLegacyToken,
  decodeLogin,
} from "../../../src/wire/acl-body.ts";
import { parseJson } from "../../../src/wire/json.ts";
import { type Decoder, ignoreRefusal } from "./decoder.ts";

const ruleWords = [
  ...["acl", "agent", "event", "key", "key_prefix", "keyring", "node", "operator", "query_prefix", "service"],
  ...["session", "policy", "intentions", '"read"', '"list"', '"write"', '"deny"', " = ", " { ", " }\n", "[", "],", "{"],
  ...[
    '{"key":{"a":{"policy":"read"}}}',
    "<<EOF\n",
    "<<-EOF\n",
    "\nEOF\n",
    "/*",
    "*/",
    "//",
    "#",
    "\\u00e9",
    "${",
    "\0",
  ],
];
const bodyWords = [
  ...["AccessorID", "SecretID", "Description", "Policies", "Roles", "ServiceIdentities", "NodeIdentities", "Rules"],
  ...["ExpirationTTL", "ExpirationTime", "Local", "AuthMethod", "BindType", "BindName", "Selector", "BearerToken"],
  ...["Config", "JWTValidationPubKeys", "ClaimMappings", "BoundAudiences", "JWKSURL", "Host", "CACert", "Resource"],
  ...[
    "Segment",
    "Access",
    "ServiceName",
    "NodeName",
    "Datacenter",
    "${value.a}",
    'value.a == "b"',
    "2026-01-01T00:00:00Z",
  ],
];
const tokenWords = [
  ".",
  "..",
  "e30",
  "eyJhbGciOiJub25lIn0",
  "=",
  "{",
  '"',
  "\n",
  "alg",
  "none",
  "HS256",
  "kid",
  "-_",
  "+/",
];
const claimWords = [
  ...["iss", "aud", "exp", "nbf", "iat", "groups", "a", "1e400", "-1", "9".repeat(25), "[", "{", "null", "[[1]]"],
];
const headerWords = [
  "X-Consul-Token: ",
  "Authorization: ",
  "Bearer ",
  "bearer\t",
  "?token=",
  "&token",
  "%",
  "%00",
  " ",
];

function textOf(octets: Uint8Array): string {
  return new TextDecoder().decode(octets);
}

/** Reads rules in both syntaxes, and asks for some rights. */
function decodeRules(octets: Uint8Array): unknown {
  const text = textOf(octets);
  ignoreRefusal(() => parseRules(translateRules(text)));
  const rights = rightsOf([parseRules(text)], "deny");
  return [rights.may("key", "read", text), rights.may("intention", "write", "*"), rights.mayWriteTree(text)];
}

/** Decodes a body as that of each endpoint of access control. */
function decodeBody(octets: Uint8Array): unknown {
  const json = parseJson(octets);
  const decoders = [
    decodeAclPolicy,
    decodeAclRole,
    decodeAclToken,
    decodeLegacyToken,
    decodeLogin,
    decodeAclAuthorizations,
  ];
  for (const decode of decoders) ignoreRefusal(() => decode(json));
  ignoreRefusal(() => {
    const { selector } = decodeAclBindingRule(json);
    for (const type of ["jwt", "kubernetes"]) ignoreRefusal(() => compileSelector(selector, { type }));
  });
  const { config } = decodeAclAuthMethod(json);
  return [authMethodConfigFault("jwt", config), authMethodConfigFault("kubernetes", config)];
}

const names: readonly (readonly [string, string])[] = [
  ...([
    ["a", "a"],
    ["/a/0", "b"],
    ["groups", "groups"],
  ] as const),
];
const demands = { boundIssuer: "", expirationLeewayS: 0, notBeforeLeewayS: 0, clockSkewLeewayS: 0 };

/** Checks the claims of a verified token, and finds the identity that they give. */
function decodeClaims(octets: Uint8Array): unknown {
  const claims = parseJson(octets);
  if (!isRecord(claims)) return undefined;
  const registered = registeredClaims(claims);
  if (registered) {
    ignoreRefusal(() => checkClaims(registered, { ...demands, boundAudiences: ["a"] }, 0));
  }
  ignoreRefusal(() => identityOfClaims(claims, { values: names, lists: [] }));
  return identityOfClaims(claims, { values: [], lists: names });
}

/** Finds the token of a request. The first line of the input is the target, and each other line a header. */
function decodeRequest(octets: Uint8Array): unknown {
  const [target = "", ...lines] = textOf(octets).split("\n");
  const headers = new Headers();
  for (const line of lines) {
    const at = line.indexOf(":");
    const [name, value] = [line.slice(0, at), line.slice(at + 1).trim()];
    // The server refuses other headers before the agent sees the request.
    if (/^[\w-]+$/.test(name) && /^[\t -~\u0080-\u00ff]*$/.test(value)) headers.append(name, value);
  }
  return sentToken(new Request("http://agent/", { headers }), target);
}

/** Every decoder of access control's input. */
export const accessDecoders: readonly Decoder[] = [
  { name: "acl-rules", words: ruleWords, run: decodeRules },
  { name: "acl-body", words: [...bodyWords, ...ruleWords], run: decodeBody },
  { name: "web-token", words: tokenWords, run: (octets) => readWebToken(textOf(octets), "failure") },
  { name: "web-token-claims", words: claimWords, run: decodeClaims },
  { name: "sent-token", words: headerWords, run: decodeRequest },
];
