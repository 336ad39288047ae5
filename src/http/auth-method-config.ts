import { createPublicKey, X509Certificate } from "node:crypto";
import { isRecord } from "../lib/is-record.ts";
import type { AclAuthMethod } from "../model/acl.ts";

/** The settings of each type of auth method. mapstructure, with which Consul reads them, ignores the case of their names. */
const settingNames: Readonly<Record<string, readonly string[]>> = {
  jwt: [
    ...["JWTSupportedAlgs", "BoundAudiences", "ClaimMappings", "ListClaimMappings", "OIDCDiscoveryURL"],
    ...["OIDCDiscoveryCACert", "JWKSURL", "JWKSCACert", "JWTValidationPubKeys", "BoundIssuer"],
    ...["ExpirationLeeway", "NotBeforeLeeway", "ClockSkewLeeway"],
  ],
  userpass: [],
  kubernetes: ["Host", "CACert", "ServiceAccountJWT"],
};

/** The algorithms of signatures that Consul knows. None of them has a secret that both sides share. */
export const webTokenAlgorithms: readonly string[] = ["RS", "ES", "PS"]
  .flatMap((family) => ["256", "384", "512"].map((bits) => family + bits))
  .concat("EdDSA");

const leeways = ["ExpirationLeeway", "NotBeforeLeeway", "ClockSkewLeeway"] as const;

/**
 * Returns Consul's text for a configuration of an auth method that is not valid; undefined for a valid one. URLs are not tried
 * here.
 */
export function authMethodConfigFault(type: string, config: AclAuthMethod["config"]): string | undefined {
  const known = settingNames[type];
  if (!known) return undefined;
  const names = new Set(known.map((name) => name.toLowerCase()));
  const strange = Object.keys(config).filter((name) => !names.has(name.toLowerCase()));
  if (strange.length > 0) return decodingFault([`'' has invalid keys: ${strange.toSorted().join(", ")}`]);
  const settings = new Settings(config);
  if (type === "jwt") return jwtFault(settings);
  return type === "kubernetes" ? kubernetesFault(settings) : undefined;
}

function decodingFault(faults: readonly string[]): string {
  return `error decoding config: ${faults.length} error(s) decoding:\n\n${faults.map((each) => `* ${each}`).join("\n")}`;
}

/** The settings of an auth method, whose names mapstructure matches in any letter case. */
export class Settings {
  readonly #values: ReadonlyMap<string, unknown>;

  constructor(config: AclAuthMethod["config"]) {
    this.#values = new Map(Object.entries(config).map(([name, value]) => [name.toLowerCase(), value]));
  }

  text(name: string): string {
    const value = this.#values.get(name.toLowerCase());
    return typeof value === "string" || typeof value === "number" ? String(value) : "";
  }

  /** Returns a list of texts; a text alone is a list of one. */
  texts(name: string): string[] {
    const value = this.#values.get(name.toLowerCase());
    if (typeof value === "string" && value !== "") return [value];
    return (Array.isArray(value) ? value : []).map(String);
  }

  pairs(name: string): [string, string][] {
    const value = this.#values.get(name.toLowerCase());
    return isRecord(value) ? Object.entries(value).map(([claim, mapped]) => [claim, String(mapped)]) : [];
  }

  /** Returns a duration in seconds. Consul: it is written as a whole number of nanoseconds, also as a text. */
  seconds(name: string): number {
    const value = this.#values.get(name.toLowerCase()) ?? 0;
    return typeof value === "string" || typeof value === "number" || typeof value === "bigint"
      ? Math.trunc(Number(value)) / 1e9
      : 0;
  }
}

function jwtFault(settings: Settings): string | undefined {
  const unreadable = leeways.filter((name) => !/^([+-]?\d+(\.\d+)?(e\+?\d+)?)?$/.test(settings.text(name))).toSorted();
  if (unreadable.length > 0)
    return decodingFault(
      unreadable.map((name) => {
        const value = JSON.stringify(settings.text(name));
        return `cannot parse '${name}' as int: strconv.ParseInt: parsing ${value}: invalid syntax`;
      }),
    );
  const keys = settings.texts("JWTValidationPubKeys");
  const [jwksUrl, discoveryUrl] = [settings.text("JWKSURL"), settings.text("OIDCDiscoveryURL")];
  if ([keys.length > 0, jwksUrl !== "", discoveryUrl !== ""].filter(Boolean).length !== 1)
    return `exactly one of 'JWTValidationPubKeys', 'JWKSURL', or 'OIDCDiscoveryURL' must be set for type "jwt"`;
  const bad = keys.findIndex((pem) => !isPublicKey(pem));
  if (bad >= 0)
    return (
      `error parsing public key JWTValidationPubKeys[${bad}]: ` +
      "data does not contain any valid RSA, ECDSA, or ED25519 public keys"
    );
  const authorityFault = certificateFault(settings, "JWKS") ?? certificateFault(settings, "OIDCDiscovery");
  if (authorityFault !== undefined) return authorityFault;
  const strange = settings.texts("JWTSupportedAlgs").find((name) => !webTokenAlgorithms.includes(name));
  if (strange !== undefined) return `Invalid supported algorithm: ${strange}`;
  return doubleFault(settings, "ClaimMappings") ?? doubleFault(settings, "ListClaimMappings");
}

function certificateFault(settings: Settings, source: "JWKS" | "OIDCDiscovery"): string | undefined {
  const pem = settings.text(`${source}CACert`);
  if (pem === "") return undefined;
  if (settings.text(`${source}URL`) === "") return `'${source}CACert' should not be set unless '${source}URL' is set`;
  return isCertificate(pem) ? undefined : `error checking ${source}CACert: could not parse CA PEM value successfully`;
}

function doubleFault(settings: Settings, mappings: string): string | undefined {
  const names = settings.pairs(mappings).map(([, name]) => name);
  const double = names.find((name, at) => names.indexOf(name) !== at);
  return double === undefined ? undefined : `${mappings} contains multiple mappings for key ${JSON.stringify(double)}`;
}

function kubernetesFault(settings: Settings): string | undefined {
  const [host, authority, token] = ["Host", "CACert", "ServiceAccountJWT"].map((name) => settings.text(name));
  if (!host) return "Config.Host is required";
  if (!authority) return "Config.CACert is required";
  if (!isCertificate(authority))
    return "error parsing kubernetes ca cert: data does not contain any valid RSA or ECDSA certificates";
  if (!token) return "Config.ServiceAccountJWT is required";
  if (token.split(".").length !== 3)
    return "Config.ServiceAccountJWT is not a valid JWT: square/go-jose: compact JWS format must have three parts";
  return undefined;
}

function isPublicKey(pem: string): boolean {
  try {
    return createPublicKey(pem).type === "public";
  } catch {
    return false;
  }
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}
