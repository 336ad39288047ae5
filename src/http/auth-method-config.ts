import { createPublicKey, X509Certificate } from "node:crypto";

/** The settings of each type of auth method. mapstructure, with which Consul reads them, ignores the case of their names. */
const settingNames: Readonly<Record<string, readonly string[]>> = {
  jwt: [
    ...["JWTSupportedAlgs", "BoundAudiences", "ClaimMappings", "ListClaimMappings", "OIDCDiscoveryURL"],
    ...["OIDCDiscoveryCACert", "JWKSURL", "JWKSCACert", "JWTValidationPubKeys", "BoundIssuer"],
    ...["ExpirationLeeway", "NotBeforeLeeway", "ClockSkewLeeway"],
  ],
  kubernetes: ["Host", "CACert", "ServiceAccountJWT"],
};

const algorithms: ReadonlySet<string> = new Set(
  ["RS", "ES", "PS"].flatMap((family) => ["256", "384", "512"].map((bits) => family + bits)).concat("EdDSA"),
);

/**
 * Returns Consul's text for a configuration of an auth method that is not valid; undefined for a valid one. URLs are not tried:
 * a login reports what is wrong with them.
 */
export function authMethodConfigFault(type: string, config: Readonly<Record<string, unknown>>): string | undefined {
  const known = settingNames[type];
  if (!known) return undefined;
  const names = new Set(known.map((name) => name.toLowerCase()));
  const strange = Object.keys(config).filter((name) => !names.has(name.toLowerCase()));
  if (strange.length > 0)
    return `error decoding config: 1 error(s) decoding:\n\n* '' has invalid keys: ${strange.toSorted().join(", ")}`;
  const settings = new Map(Object.entries(config).map(([name, value]) => [name.toLowerCase(), value]));
  return type === "jwt" ? jwtFault(settings) : kubernetesFault(settings);
}

type Settings = ReadonlyMap<string, unknown>;

function textOf(settings: Settings, name: string): string {
  const value = settings.get(name.toLowerCase());
  return typeof value === "string" ? value : "";
}

function textsOf(settings: Settings, name: string): string[] {
  const value = settings.get(name.toLowerCase());
  return (Array.isArray(value) ? value : []).map(String);
}

function jwtFault(settings: Settings): string | undefined {
  const keys = textsOf(settings, "JWTValidationPubKeys");
  const sources = [keys.length > 0, textOf(settings, "JWKSURL") !== "", textOf(settings, "OIDCDiscoveryURL") !== ""];
  if (sources.filter(Boolean).length !== 1)
    return `exactly one of 'JWTValidationPubKeys', 'JWKSURL', or 'OIDCDiscoveryURL' must be set for type "jwt"`;
  const bad = keys.findIndex((pem) => !isPublicKey(pem));
  if (bad >= 0)
    return (
      `error parsing public key JWTValidationPubKeys[${bad}]: ` +
      "data does not contain any valid RSA, ECDSA, or ED25519 public keys"
    );
  const strange = textsOf(settings, "JWTSupportedAlgs").find((name) => !algorithms.has(name));
  return strange === undefined ? undefined : `Invalid supported algorithm: ${strange}`;
}

function kubernetesFault(settings: Settings): string | undefined {
  const [host, authority, token] = ["Host", "CACert", "ServiceAccountJWT"].map((name) => textOf(settings, name));
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
