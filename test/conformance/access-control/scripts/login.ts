import type { Script, Step } from "../../recorded/script.ts";
import { issuerPublicKey, strangeKey, time, webToken } from "./web-tokens.ts";

const config = { JWTValidationPubKeys: [issuerPublicKey] };
const unknown = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6affff";
const mapped = {
  ...config,
  BoundIssuer: "me",
  BoundAudiences: ["praetor", "other"],
  ClaimMappings: { team: "team", "/org/unit": "unit", number: "number", flag: "flag" },
  ListClaimMappings: { groups: "groups", "/org/tags": "tags" },
};

function method(name: string, more: object = {}): Step {
  return ["PUT /v1/acl/auth-method", { Name: name, Type: "jwt", Config: config, ...more }];
}

function rule(authMethod: string, bindType: string, bindName: string, selector = ""): Step {
  const body = { AuthMethod: authMethod, BindType: bindType, BindName: bindName, Selector: selector };
  return ["PUT /v1/acl/binding-rule", body];
}

function leeways(expiration: unknown, notBefore: unknown, clockSkew: unknown): object {
  return { ExpirationLeeway: expiration, NotBeforeLeeway: notBefore, ClockSkewLeeway: clockSkew };
}

const methods: Script = [
  method("plain"),
  method("mapped", { Config: mapped }),
  method("short", { MaxTokenTTL: "5m", TokenLocality: "global" }),
  method("local", { TokenLocality: "local" }),
  method("unbound"),
  method("lost"),
  method("exact", { Config: { ...config, ...leeways(-1e9, -1e9, -1e9) } }),
  method("wide", { Config: { ...config, ...leeways(3600e9, "3600000000000", 600e9) } }),
  method("rsa", { Config: { ...config, JWTSupportedAlgs: ["RS256"] } }),
  method("badlist", {
    Config: { ...config, ListClaimMappings: { groups: "groups" }, ClaimMappings: { team: "team" } },
  }),
  method("refused", { Config: { ...config, ...leeways("-1s", 1.5, "1h") } }),
  method("refused", { Config: { ...config, JWTSupportedAlgs: "RS256", BoundIssuer: 7 } }),
  method("refused", { Config: { ...config, ClaimMappings: { a: "x", b: "x" } } }),
  method("refused", { Config: { ...config, ListClaimMappings: { a: "x", b: "x" } } }),
  method("refused", { Config: { ...config, ClaimMappings: { a: "a b" } } }),
  method("refused", { Config: { ...config, ClaimMappings: { a: "" } } }),
  method("refused", { Config: { JWKSURL: "http://127.0.0.1:9/keys" } }),
  method("refused", { Config: { JWKSURL: "nonsense" } }),
  method("refused", { Config: { OIDCDiscoveryURL: "http://127.0.0.1:9" } }),
  method("refused", { Config: { ...config, OIDCDiscoveryCACert: "x" } }),
  method("refused", { Config: { ...config, JWKSCACert: "x" } }),
  method("refused", { Config: { JWKSURL: "http://127.0.0.1:9/keys", JWKSCACert: "x" } }),
  method("refused", { Config: { OIDCDiscoveryURL: "http://127.0.0.1:9/keys", OIDCDiscoveryCACert: "x" } }),
  method("refused", { Config: { OIDCDiscoveryURL: "http://127.0.0.1:9/keys", BoundIssuer: "me" } }),
  ["PUT /v1/acl/role", { Name: "ops" }],
  ["PUT /v1/acl/role", { Name: "r-Web" }],
  ["PUT /v1/acl/role", { Name: "one" }],
  rule("plain", "service", "fixed"),
  rule("mapped", "service", "${value.team}", "value.team==Web"),
  rule("mapped", "service", "${value.team}-${value.unit}", "value.unit==A1"),
  rule("mapped", "role", "ops", "ops in list.groups"),
  rule("mapped", "role", "r-${value.team}", "value.team==Web"),
  rule("mapped", "node", "n-${value.number}", "number in value"),
  rule("mapped", "service", "flag-${value.flag}", "value.flag==true"),
  rule("mapped", "service", "tagged", "tags in list"),
  rule("mapped", "service", "${value.team}", 'value.team=="a b"'),
  rule("short", "role", "ops"),
  rule("local", "role", "ops"),
  rule("lost", "role", "nowhere"),
  ...["exact", "wide", "rsa", "badlist"].map((name) => rule(name, "service", "timed")),
];

function login(authMethod: string, bearerToken: unknown, more: object = {}): Step {
  return ["POST /v1/acl/login", { AuthMethod: authMethod, BearerToken: bearerToken, ...more }];
}

function withClaims(authMethod: string, claims: object): Step {
  return login(authMethod, webToken(claims));
}

const exp = time(100);
const fine = webToken({ exp });
const identity = { exp, iss: "me", aud: "praetor" };

const bodies: Script = [
  login("plain", fine),
  login("PLAIN", fine),
  login("plain", fine, { Meta: { b: "2", a: "<1>" } }),
  login("plain", fine, { Meta: {} }),
  login("plain", fine, { Meta: { a: 1 } }),
  login("plain", fine, { Bogus: 1 }),
  login("plain", fine, { Namespace: "x" }),
  ["POST /v1/acl/login", { authmethod: "plain", bearertoken: fine }],
  ["POST /v1/acl/login?dc=nope", { AuthMethod: "plain", BearerToken: fine }],
  ["POST /v1/acl/login?ns=x", { AuthMethod: "plain", BearerToken: fine }],
  ["POST /v1/acl/login?pretty", { AuthMethod: "plain", BearerToken: fine }],
  ["POST /v1/acl/login", { AuthMethod: "plain", BearerToken: fine }, { headers: { "X-Consul-Token": unknown } }],
  ["POST /v1/acl/login", { AuthMethod: "plain", BearerToken: fine }, { headers: { "X-Consul-Token": "deny" } }],
  ["POST /v1/acl/login", ""],
  ["POST /v1/acl/login", "null"],
  ["POST /v1/acl/login", "[]"],
  ["POST /v1/acl/login", "{"],
  ["POST /v1/acl/login", {}],
  login("nope", fine),
  login("nope", ""),
  login("", fine),
  login("plain", ""),
  login("plain", 7),
  login("unbound", fine),
  login("lost", fine),
  login("short", fine),
  login("local", fine),
  "GET /v1/acl/login",
  "PUT /v1/acl/login",
];

const signatures: Script = [
  login("plain", "x"),
  login("plain", "a.b"),
  login("plain", "a.b.c"),
  login("plain", "e30.e30.e30"),
  login("plain", `${fine}x`),
  login("plain", ` ${fine}`),
  login("plain", fine.replace(/\.[^.]*$/, ".")),
  login("plain", fine.replace(/\.[^.]*$/, ".eA")),
  login("plain", webToken({ exp }, { key: strangeKey })),
  login("plain", webToken({ exp }, { header: { alg: "none" } })),
  login("plain", webToken({ exp }, { header: { alg: "RS256" } })),
  login("plain", webToken({ exp }, { header: { alg: "HS256" } })),
  login("plain", webToken({ exp }, { header: { typ: "JWT" } })),
  login("plain", webToken({ exp }, { header: { alg: "EdDSA", kid: "x", typ: "JWT" } })),
  login("plain", webToken([1])),
  login("plain", webToken("x")),
  login("plain", webToken(null)),
  login("plain", webToken({ exp: "x" })),
  login("plain", webToken({ exp: null })),
  login("plain", webToken({ exp, iss: 7 })),
  login("plain", webToken({ exp, aud: 7 })),
  login("plain", webToken({ exp: exp + 0.5 })),
  login("rsa", fine),
];

const times: Script = [
  {},
  { exp: 0 },
  { exp: time(-30) },
  { exp: time(-80) },
  { exp: time(-30), iat: time(-1000) },
  { exp: time(-80), iat: time(-1000) },
  { exp: time(100) },
  { exp: time(200) },
  { exp: time(260) },
  { exp: time(10_000) },
  { exp: time(10_000), iat: time(0) },
  { exp: time(10_000), iat: time(40) },
  { exp: time(10_000), iat: time(90) },
  { exp: time(10_000), nbf: time(-10) },
  { exp: time(10_000), nbf: time(40) },
  { exp: time(10_000), nbf: time(90) },
  { exp: time(10_000), nbf: time(0), iat: time(90) },
  { iat: time(0) },
  { iat: time(-190) },
  { iat: time(-240) },
  { iat: time(90) },
  { nbf: time(-10) },
  { nbf: time(-240) },
  { nbf: time(90) },
  { iat: time(-1000), nbf: time(0) },
].flatMap((claims) => [withClaims("plain", claims), withClaims("exact", claims), withClaims("wide", claims)]);

const claims: Script = [
  { ...identity, iss: "you" },
  { ...identity, iss: undefined },
  { ...identity, aud: "strange" },
  { ...identity, aud: undefined },
  { ...identity, aud: [] },
  { ...identity, aud: ["strange", "other"], team: "Web" },
  { ...identity },
  { ...identity, team: "Web" },
  { ...identity, team: "Web", org: { unit: "A1", tags: ["x"] } },
  { ...identity, team: "api", groups: ["ops", "dev"] },
  { ...identity, groups: "ops" },
  { ...identity, groups: [] },
  { ...identity, groups: null, team: "Web" },
  { ...identity, groups: [1, true], team: "Web" },
  { ...identity, groups: [{}], team: "Web" },
  { ...identity, groups: {}, team: "Web" },
  { ...identity, groups: 7, team: "Web" },
  { ...identity, team: ["Web"] },
  { ...identity, team: { a: 1 } },
  { ...identity, team: null },
  { ...identity, number: 7 },
  { ...identity, number: 1.5 },
  { ...identity, number: 12_345_678 },
  { ...identity, flag: true },
  { ...identity, flag: false },
  { ...identity, team: "a b" },
  { ...identity, org: "x", team: "Web" },
].map((each) => withClaims("mapped", each));

const out: Script = [
  ["POST /v1/acl/login", { AuthMethod: "plain", BearerToken: fine }, { as: "mine" }],
  ["GET /v1/acl/token/self", undefined, { headers: { "X-Consul-Token": "{mine.SecretID}" } }],
  ["PUT /v1/acl/token/{mine.AccessorID}", { Description: "changed", Local: true }],
  ["PUT /v1/acl/token/{mine.AccessorID}", { Description: "changed", Local: true, AuthMethod: "mapped" }],
  ["PUT /v1/acl/token/{mine.AccessorID}/clone", {}],
  ["POST /v1/acl/logout", undefined, { headers: { "X-Consul-Token": unknown } }],
  ["POST /v1/acl/logout", undefined, { headers: { "X-Consul-Token": "anonymous" } }],
  "POST /v1/acl/logout",
  "GET /v1/acl/logout",
  ["POST /v1/acl/logout", "ignored", { headers: { "X-Consul-Token": "{mine.SecretID}" } }],
  ["POST /v1/acl/logout", undefined, { headers: { "X-Consul-Token": "{mine.SecretID}" } }],
  "GET /v1/acl/token/{mine.AccessorID}",
  ["POST /v1/acl/login", { AuthMethod: "Plain", BearerToken: fine }, { as: "other" }],
  "DELETE /v1/acl/auth-method/plain",
  "GET /v1/acl/token/{other.AccessorID}",
  "GET /v1/acl/binding-rules?authmethod=plain",
  login("plain", fine),
];

export const logins: Script = [...methods, ...bodies, ...signatures, ...times, ...claims, ...out];
