import { loginRefused, type LoginIdentity } from "../../acl/login-identity.ts";
import {
  checkAudiences,
  checkClaims,
  identityOfClaims,
  registeredClaims,
  type ClaimDemands,
  type Claims,
} from "../../acl/web-token-claims.ts";
import type { Clock } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import { type Settings, webTokenAlgorithms } from "../auth-method-config.ts";
import type { Verifier } from "./verifier.ts";
import { configuredKeys, discover, type KeyServer, type Provider, PublishedKeys } from "./web-keys.ts";
import { readWebToken, verifiedClaims, type WebToken } from "./web-token.ts";

/** Returns the verifier of an auth method of type "jwt". */
export function jwtVerifier(settings: Settings, clock: Clock): Verifier {
  const claims = claimsSource(settings, clock);
  return {
    async identify(bearer) {
      if (bearer === "") throw loginRefused("missing jwt");
      const verified = await claims.claimsOf(bearer);
      return identityOf(verified, settings);
    },
    urlFault: () => claims.urlFault(),
  };
}

function identityOf(claims: Claims, settings: Settings): LoginIdentity {
  const mappings = { values: settings.pairs("ClaimMappings"), lists: settings.pairs("ListClaimMappings") };
  return identityOfClaims(claims, mappings);
}

/** The way in which a method gets the keys of its tokens. */
interface ClaimsSource {
  /** Returns the claims of a valid token. @throws OperatingError denied, code "login-refused" */
  claimsOf(bearer: string): Promise<Claims>;
  urlFault(): Promise<string | undefined>;
}

function claimsSource(settings: Settings, clock: Clock): ClaimsSource {
  const server = (name: "JWKS" | "OIDCDiscovery"): KeyServer => ({
    url: settings.text(`${name}URL`),
    authority: settings.text(`${name}CACert`),
    clock,
  });
  const demands = demandsOf(settings);
  if (settings.text("JWKSURL") !== "") return publishedSource(server("JWKS"), demands);
  if (settings.text("OIDCDiscoveryURL") !== "") {
    const algorithms = settings.texts("JWTSupportedAlgs");
    return new ProviderSource(server("OIDCDiscovery"), demands, algorithms.length === 0 ? ["RS256"] : algorithms);
  }
  const verifying = { keys: configuredKeys(settings), algorithms: webTokenAlgorithms };
  return {
    async claimsOf(bearer) {
      const token = readWebToken(bearer, "error parsing token");
      const claims = await verifiedClaims(token, verifying);
      const registered = claims && registeredClaims(claims);
      if (!registered) throw loginRefused("no known key successfully validated the token signature");
      checkClaims(registered, demands, clock.wallMs());
      return claims;
    },
    urlFault: () => Promise.resolve(undefined),
  };
}

function demandsOf(settings: Settings): ClaimDemands {
  return {
    boundIssuer: settings.text("BoundIssuer"),
    boundAudiences: settings.texts("BoundAudiences"),
    expirationLeewayS: settings.seconds("ExpirationLeeway"),
    notBeforeLeewayS: settings.seconds("NotBeforeLeeway"),
    clockSkewLeewayS: settings.seconds("ClockSkewLeeway"),
  };
}

function publishedSource(server: KeyServer, demands: ClaimDemands): ClaimsSource {
  const verifying = { keys: new PublishedKeys(server), algorithms: webTokenAlgorithms };
  return {
    async claimsOf(bearer) {
      const failure = "error verifying token";
      const token = readWebToken(bearer, `${failure}: oidc: malformed jwt`);
      const claims = await verifiedClaims(token, verifying).catch((error: unknown) => {
        throw loginRefused(`${failure}: ${messageOf(error)}`);
      });
      if (!claims) throw loginRefused(`${failure}: failed to verify id token signature`);
      const registered = registeredClaims(claims);
      if (!registered) throw loginRefused("failed to unmarshal claims");
      checkClaims(registered, demands, server.clock.wallMs());
      return claims;
    },
    async urlFault() {
      try {
        await verifying.keys.find("", true);
        return undefined;
      } catch (error) {
        return `error checking JWKSURL: ${messageOf(error)}`;
      }
    },
  };
}

interface FoundProvider {
  readonly provider: Provider;
  readonly keys: PublishedKeys;
}

/** The claims of tokens of a provider of OpenID Connect, which says where its keys are. */
class ProviderSource implements ClaimsSource {
  readonly #server: KeyServer;
  readonly #demands: ClaimDemands;
  readonly #algorithms: readonly string[];
  #found: FoundProvider | undefined;

  constructor(server: KeyServer, demands: ClaimDemands, algorithms: readonly string[]) {
    this.#server = server;
    this.#demands = demands;
    this.#algorithms = algorithms;
  }

  async claimsOf(bearer: string): Promise<Claims> {
    const failure = "error validating signature";
    const token = readWebToken(bearer, `${failure}: oidc: malformed jwt`);
    const claims = await this.#verified(token).catch((error: unknown) => {
      throw loginRefused(`${failure}: ${messageOf(error)}`);
    });
    const registered = registeredClaims(claims);
    if (!registered) throw loginRefused(`${failure}: oidc: failed to unmarshal claims`);
    checkAudiences(registered, this.#demands, { isStrict: false });
    return claims;
  }

  /** Checks what the OpenID Connect Core 1.0, 3.1.3.7 asks. Consul: the leeways do not matter here. */
  async #verified(token: WebToken): Promise<Claims> {
    const { provider, keys } = await this.#provider();
    if (!this.#algorithms.includes(token.algorithm)) {
      const names = `expected [${this.#algorithms.map((each) => JSON.stringify(each)).join(" ")}]`;
      throw new Error(
        `oidc: id token signed with unsupported algorithm, ${names} got ${JSON.stringify(token.algorithm)}`,
      );
    }
    const claims = await verifiedClaims(token, { keys, algorithms: this.#algorithms });
    const registered = claims && registeredClaims(claims);
    if (!registered) throw new Error("failed to verify signature: failed to verify id token signature");
    if (registered.issuer !== provider.issuer) {
      const names = `expected ${JSON.stringify(provider.issuer)} got ${JSON.stringify(registered.issuer)}`;
      throw new Error(`oidc: id token issued by a different provider, ${names}`);
    }
    const nowS = this.#server.clock.wallMs() / 1000;
    if (registered.expiresS < nowS) throw new Error("oidc: token is expired");
    if (registered.notBeforeS > nowS + providerSkewS)
      throw new Error("oidc: current time before the nbf (not before) time");
    return claims;
  }

  async #provider(): Promise<FoundProvider> {
    if (this.#found) return this.#found;
    const provider = await discover(this.#server);
    this.#found = { provider, keys: new PublishedKeys({ ...this.#server, url: provider.keysUrl }) };
    return this.#found;
  }

  async urlFault(): Promise<string | undefined> {
    try {
      await this.#provider();
      return undefined;
    } catch (error) {
      return `error checking OIDCDiscoveryURL: ${messageOf(error)}`;
    }
  }
}

/** The seconds by which the clocks of a provider and of this agent may differ. */
const providerSkewS = 60;
