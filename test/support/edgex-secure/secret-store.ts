import { randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";

type SigningKey = Awaited<ReturnType<typeof generateKeyPair>>["privateKey"];

/** A request that the secret store has received. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly token: string | null;
}

export interface SecretStoreOptions {
  /** PEM certificate and key for HTTPS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly port?: number;
}

/**
 * A secret store (OpenBao) with the paths of its engine for identities that EdgeX 4 uses: named tokens, introspection and the public keys.
 * It answers by OpenBao's rules: a request without a token that it knows is a 403, and introspection takes a POST of JSON.
 */
export class SecretStore {
  readonly issuer = "/v1/identity/oidc";
  readonly received: Received[] = [];
  /** The tokens of the secret store's own clients, with the names of their entities. */
  readonly tokens: Map<string, string> = new Map();
  /** The entities that are disabled. */
  readonly disabled: Set<string> = new Set();
  /** The answer to each request, while the store is sealed or out of order. */
  broken: (() => Response | Promise<Response>) | undefined;
  readonly #server: Bun.Server<undefined>;
  readonly #issued = new Map<string, { readonly entity: string; readonly expiresS: number }>();
  #key: SigningKey | undefined;
  #published: JWK[] = [];

  private constructor({ tls, port = 0 }: SecretStoreOptions) {
    this.#server = Bun.serve({
      ...{ hostname: "127.0.0.1", port, ...(tls && { tls }) },
      fetch: (request) => this.#receive(request),
    });
  }

  static async open(options: SecretStoreOptions = {}): Promise<SecretStore> {
    const store = new SecretStore(options);
    await store.rotateKey();
    return store;
  }

  get url(): string {
    return this.#server.url.href.replace(/\/$/, "");
  }

  get port(): number {
    return this.#server.port ?? 0;
  }

  /** Signs with a new key from now on, and publishes it beside the others. EdgeX's keys are of the algorithm ES384. */
  async rotateKey(): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair("ES384", { extractable: true });
    const kid = randomUUID();
    this.#key = privateKey;
    this.#published = [...this.#published, { ...(await exportJWK(publicKey)), kid, alg: "ES384", use: "sig" }];
  }

  get keys(): readonly JWK[] {
    return this.#published;
  }

  /** Returns a token for the secret store, as EdgeX's secretstore-setup gives one to each service. */
  login(entity: string): string {
    const token = `s.${randomUUID().replaceAll("-", "")}`;
    this.tokens.set(token, entity);
    return token;
  }

  /** Signs claims, by default as OpenBao does for a named token of EdgeX. */
  async sign(claims: Readonly<Record<string, unknown>>): Promise<string> {
    if (!this.#key) throw new Error("there is no key");
    const nowS = Math.floor(Date.now() / 1000);
    const standard = {
      iss: this.issuer,
      aud: "edgex",
      iat: nowS,
      exp: nowS + 3600,
      namespace: "root",
      sub: randomUUID(),
    };
    const all = { ...standard, ...claims };
    const kid = this.#published.at(-1)?.kid ?? "";
    const jwt = await new SignJWT(all).setProtectedHeader({ alg: "ES384", kid }).sign(this.#key);
    this.#issued.set(jwt, { entity: String(claims["name"]), expiresS: all.exp });
    return jwt;
  }

  /** Gives a service its JWT, as EdgeX's AuthInjector asks for one before each request. */
  async jwtOf(token: string, role: string): Promise<string> {
    const url = `${this.url}/v1/identity/oidc/token/${role}`;
    const response = await fetch(url, { headers: { "X-Vault-Token": token } });
    if (response.status !== 200) throw new Error(`the secret store answered ${response.status}`);
    const { data } = (await response.json()) as { readonly data: { readonly token: string } };
    return data.token;
  }

  introspections(): number {
    return this.received.filter(({ path }) => path.endsWith("/introspect")).length;
  }

  close(): Promise<void> {
    return this.#server.stop(true);
  }

  async #receive(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const bearer = /^Bearer (\S+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
    const token = request.headers.get("x-vault-token") ?? bearer ?? null;
    this.received.push({ method: request.method, path: pathname, token });
    if (this.broken) return this.broken();
    const base = "/v1/identity/oidc";
    if (pathname === `${base}/.well-known/keys` && request.method === "GET")
      return Response.json({ keys: this.#published });
    const entity = token === null ? undefined : this.tokens.get(token);
    if (entity === undefined) return Response.json({ errors: ["permission denied"] }, { status: 403 });
    if (pathname === `${base}/introspect`) return this.#introspect(request);
    const role = pathname.startsWith(`${base}/token/`) ? pathname.slice(`${base}/token/`.length) : undefined;
    if (role === undefined || request.method !== "GET") return Response.json({ errors: [] }, { status: 404 });
    // EdgeX's policies let each service read the path of its own name only.
    if (role !== entity) return Response.json({ errors: ["permission denied"] }, { status: 403 });
    return Response.json({ data: { token: await this.sign({ name: role }), ttl: 3600, client_id: "edgex" } });
  }

  async #introspect(request: Request): Promise<Response> {
    if (request.method !== "POST") return Response.json({ errors: ["unsupported operation"] }, { status: 405 });
    if (request.headers.get("content-type") !== "application/json")
      return Response.json({ errors: ["error parsing JSON"] }, { status: 400 });
    const body = (await request.json()) as { readonly token?: unknown };
    if (Object.keys(body).join(",") !== "token" || typeof body.token !== "string")
      return Response.json({ errors: ["error parsing JSON"] }, { status: 400 });
    const known = this.#issued.get(body.token);
    if (known && known.expiresS * 1000 > Date.now() && !this.disabled.has(known.entity))
      return Response.json({ active: true });
    return Response.json({ active: false, error: "unable to validate the token signature" });
  }
}
