import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { startAclServer, type AclServer } from "../../../test/support/acl-server.ts";
import { localhostCertificate, otherCertificate } from "../../../test/support/certificates.ts";

const masterSecret = "5f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0000";
const signed = (alg: "RS256" | "ES256", kid: string): SigningKey => {
  const pair =
    alg === "RS256"
      ? generateKeyPairSync("rsa", { modulusLength: 2048 })
      : generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { alg, kid, privateKey: pair.privateKey, jwk: { ...pair.publicKey.export({ format: "jwk" }), kid, alg } };
};

interface SigningKey {
  readonly alg: string;
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly jwk: object;
}

let server: AclServer;
/** Answers of the other system by path. */
const answers = new Map<string, (request: Request) => unknown>();
let other: ReturnType<typeof startOther>;
let asked: string[] = [];

function startOther(certificate: typeof localhostCertificate) {
  return Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: certificate,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      asked.push(`${request.method} ${pathname}`);
      const answer = await answers.get(pathname)?.(request);
      return answer === undefined
        ? Response.json({ kind: "Status", message: "not here" }, { status: 404 })
        : Response.json(answer);
    },
  });
}

beforeAll(async () => {
  server = await startAclServer({ masterSecret });
  other = startOther(localhostCertificate);
});
afterAll(async () => {
  await server.stop();
  await other.stop(true);
});
afterEach(() => {
  answers.clear();
  asked = [];
});

function webToken({ alg, kid, privateKey }: SigningKey, claims: object): string {
  const text = [{ alg, kid }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${text}.${sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

async function send(method: string, path: string, body: object) {
  const response = await fetch(`${server.url}/v1/acl/${path}`, { method, body: JSON.stringify(body) });
  return { status: response.status, text: await response.text() };
}

async function create(name: string, type: string, config: object, rule: object): Promise<void> {
  expect(await send("PUT", "auth-method", { Name: name, Type: type, Config: config })).toMatchObject({ status: 200 });
  expect(await send("PUT", "binding-rule", { AuthMethod: name, BindType: "service", ...rule })).toMatchObject({
    status: 200,
  });
}

function login(name: string, bearer: string) {
  return send("POST", "login", { AuthMethod: name, BearerToken: bearer });
}

const expires = (): number => Math.floor(Date.now() / 1000) + 86_400;

describe("a login by keys that a server publishes", () => {
  test("verifies tokens with the key that each names, and fetches the keys once for them", async () => {
    const [one, two] = [signed("RS256", "one"), signed("ES256", "two")];
    answers.set("/keys", () => ({ keys: [one.jwk, two.jwk] }));
    const config = { JWKSURL: `https://localhost:${other.port}/keys`, JWKSCACert: localhostCertificate.cert };
    await create("published", "jwt", config, { BindName: "web" });
    const claims = { exp: expires(), iat: expires() - 86_400 };
    expect(await login("published", webToken(two, claims))).toMatchObject({ status: 200 });
    expect(await login("published", webToken(one, claims))).toMatchObject({ status: 200 });
    // The first request tried the URL when the method was written.
    expect(asked).toEqual(["GET /keys", "GET /keys"]);
    const strange = await login("published", webToken(signed("ES256", "two"), claims));
    expect(strange).toEqual({ status: 500, text: "error verifying token: failed to verify id token signature" });
  });

  test("fetches the keys again for a key that is new", async () => {
    const [old, fresh] = [signed("ES256", "old"), signed("ES256", "fresh")];
    answers.set("/rotated", () => ({ keys: [old.jwk] }));
    const config = { JWKSURL: `https://localhost:${other.port}/rotated`, JWKSCACert: localhostCertificate.cert };
    await create("rotated", "jwt", config, { BindName: "web" });
    const claims = { exp: expires(), iat: expires() - 86_400 };
    expect(await login("rotated", webToken(fresh, claims))).toMatchObject({ status: 500 });
    answers.set("/rotated", () => ({ keys: [fresh.jwk] }));
    expect(await login("rotated", webToken(fresh, claims))).toMatchObject({ status: 200 });
  });

  test("is not possible by a method whose server is not the one of the configured certificate", async () => {
    answers.set("/keys", () => ({ keys: [] }));
    const Config = { JWKSURL: `https://localhost:${other.port}/keys`, JWKSCACert: otherCertificate.cert };
    const { status, text } = await send("PUT", "auth-method", { Name: "wrong", Type: "jwt", Config });
    expect(status).toBe(500);
    expect(text).toStartWith("Invalid Auth Method: error checking JWKSURL: fetching keys oidc: get keys failed");
    expect(asked).toEqual([]);
  });

  test("refuses a token that is signed with a published key as a shared secret", async () => {
    const key = signed("RS256", "k");
    answers.set("/oct", () => ({
      keys: [{ kty: "oct", k: Buffer.from("secret").toString("base64url"), kid: "k" }, key.jwk],
    }));
    const config = { JWKSURL: `https://localhost:${other.port}/oct`, JWKSCACert: localhostCertificate.cert };
    await create("shared", "jwt", config, { BindName: "web" });
    const text = [
      { alg: "HS256", kid: "k" },
      { exp: expires(), iat: 1 },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
    const mac = new Bun.CryptoHasher("sha256", "secret").update(text).digest("base64url");
    expect(await login("shared", `${text}.${mac}`)).toMatchObject({ status: 500 });
  });
});

test("a login by a provider of OpenID Connect checks issuer, audience, algorithm and expiration", async () => {
  const key = signed("RS256", "p");
  const issuer = `https://localhost:${other.port}`;
  answers.set("/.well-known/openid-configuration", () => ({ issuer, jwks_uri: `${issuer}/provider-keys` }));
  answers.set("/provider-keys", () => ({ keys: [key.jwk] }));
  const config = {
    ...{ OIDCDiscoveryURL: issuer, OIDCDiscoveryCACert: localhostCertificate.cert, BoundAudiences: ["praetor"] },
    ClaimMappings: { team: "team" },
  };
  await create("provider", "jwt", config, { BindName: "${value.team}" });
  const claims = { iss: issuer, aud: "praetor", exp: expires(), team: "Web" };
  const { status, text } = await login("provider", webToken(key, claims));
  expect(status).toBe(200);
  expect(JSON.parse(text)).toMatchObject({ ServiceIdentities: [{ ServiceName: "web" }], AuthMethod: "provider" });
  const failure = "error validating signature: oidc:";
  expect((await login("provider", webToken(key, { ...claims, iss: "x" }))).text).toBe(
    `${failure} id token issued by a different provider, expected ${JSON.stringify(issuer)} got "x"`,
  );
  expect((await login("provider", webToken(key, { ...claims, exp: 1 }))).text).toStartWith(
    `${failure} token is expired`,
  );
  expect((await login("provider", webToken(signed("ES256", "p"), claims))).text).toBe(
    `${failure} id token signed with unsupported algorithm, expected ["RS256"] got "ES256"`,
  );
  expect((await login("provider", webToken(key, { ...claims, aud: "x" }))).text).toBe(
    "error validating claims: aud claim does not match any bound audience",
  );
});

describe("a login by Kubernetes", () => {
  const account = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.eA";
  const review = "/apis/authentication.k8s.io/v1/tokenreviews";
  const config = (): object => ({
    ...{ Host: `https://localhost:${other.port}`, CACert: localhostCertificate.cert, ServiceAccountJWT: account },
  });
  const user = { username: "system:serviceaccount:default:api", uid: "u1" };

  test("gives the rights of the service account that Kubernetes names for the token", async () => {
    await create("k8s", "kubernetes", config(), {
      ...{ BindName: "${serviceaccount.namespace}-${serviceaccount.name}", Selector: 'serviceaccount.uid=="u1"' },
    });
    const bearers: unknown[] = [];
    answers.set(review, async (request) => {
      bearers.push(request.headers.get("Authorization"), ((await request.json()) as { spec: unknown }).spec);
      return { status: { authenticated: true, user } };
    });
    answers.set("/api/v1/namespaces/default/serviceaccounts/api", () => ({ metadata: { name: "api" } }));
    const { status, text } = await login("k8s", account);
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ ServiceIdentities: [{ ServiceName: "default-api" }], Local: true });
    expect(bearers).toEqual([`Bearer ${account}`, { token: account }]);
    const metadata = { annotations: { "consul.hashicorp.com/service-name": "web" } };
    answers.set("/api/v1/namespaces/default/serviceaccounts/api", () => ({ metadata }));
    expect(JSON.parse((await login("k8s", account)).text)).toMatchObject({
      ServiceIdentities: [{ ServiceName: "default-web" }],
    });
  });

  test.each([
    [{ authenticated: false }, "lookup failed: service account jwt not valid"],
    [{ error: "broken" }, "lookup failed: broken"],
    [{ authenticated: true, user: { username: "x" } }, "lookup failed: unexpected username format"],
    [
      { authenticated: true, user: { username: "a:b:c:d" } },
      "lookup failed: username returned is not a service account",
    ],
    [{ authenticated: true, user: { username: "system:serviceaccount:a:b" } }, "annotation lookup failed: not here"],
  ])("is refused with Consul's text when Kubernetes answers %j", async (status, text) => {
    await create("refusing", "kubernetes", config(), { BindName: "x" });
    answers.set(review, () => ({ status }));
    expect(await login("refusing", account)).toEqual({ status: 500, text });
  });
});

test("the token of a login ends with its auth method's time", async () => {
  const key = signed("ES256", "t");
  answers.set("/short", () => ({ keys: [key.jwk] }));
  const Config = { JWKSURL: `https://localhost:${other.port}/short`, JWKSCACert: localhostCertificate.cert };
  await create("short", "jwt", Config, { BindName: "web" });
  await send("PUT", "auth-method", { Name: "short", Type: "jwt", MaxTokenTTL: "5m", Config });
  const { text } = await login("short", webToken(key, { exp: expires(), iat: expires() - 86_400 }));
  const token = JSON.parse(text) as { CreateTime: string; ExpirationTime: string };
  expect(Date.parse(token.ExpirationTime) - Date.parse(token.CreateTime)).toBe(300_000);
});
