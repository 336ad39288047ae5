import { isRecord } from "../lib/is-record.ts";
import { loginRefused, type LoginIdentity } from "./login-identity.ts";

/** The conditions of an auth method of type "jwt" for the claims of a token. A leeway is in seconds: 0 for the default, less for none. */
export interface ClaimDemands {
  /** The issuer; "" for any. */
  readonly boundIssuer: string;
  /** Audiences, one of which the token must name; none if it may name none. */
  readonly boundAudiences: readonly string[];
  readonly expirationLeewayS: number;
  readonly notBeforeLeewayS: number;
  readonly clockSkewLeewayS: number;
}

/** Claims and the names that the identity has for them. A claim that begins with "/" is a JSON pointer. */
export interface ClaimMappings {
  readonly values: readonly (readonly [claim: string, name: string])[];
  readonly lists: readonly (readonly [claim: string, name: string])[];
}

/** A token's own claims, RFC 7519, 4.1. A time is in seconds since 1970; 0 if the token has none. */
export interface RegisteredClaims {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly expiresS: number;
  readonly notBeforeS: number;
  readonly issuedS: number;
}

export type Claims = Readonly<Record<string, unknown>>;

/** Returns the claims that RFC 7519 defines; undefined if one has another type. */
export function registeredClaims(claims: Claims): RegisteredClaims | undefined {
  const { iss = "", aud = [] } = claims;
  const issuer = iss ?? "";
  const audiences: unknown = typeof aud === "string" ? [aud] : (aud ?? []);
  const [expiresS, notBeforeS, issuedS] = ["exp", "nbf", "iat"].map((name) => secondsOf(claims[name]));
  if (typeof issuer !== "string" || !Array.isArray(audiences) || !audiences.every((each) => typeof each === "string"))
    return undefined;
  if (expiresS === undefined || notBeforeS === undefined || issuedS === undefined) return undefined;
  return { issuer, audiences, expiresS, notBeforeS, issuedS };
}

function secondsOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return 0;
  return typeof value === "number" || typeof value === "bigint" ? Math.trunc(Number(value)) : undefined;
}

const defaultLeewayS = 150;
const defaultSkewS = 60;

/**
 * Throws unless the claims are valid now. Consul: a token without a time to start from may be used for the leeway before it expires,
 * and one without a time to expire for the leeway after it starts.
 * @throws OperatingError denied, code "login-refused"
 */
export function checkClaims(claims: RegisteredClaims, demands: ClaimDemands, nowMs: number): void {
  const { issuer, issuedS } = claims;
  if (issuedS === 0 && claims.expiresS === 0 && claims.notBeforeS === 0)
    throw loginRefused("no issue time, notbefore, or expiration time encoded in token");
  const expiresS =
    claims.expiresS || Math.max(issuedS, claims.notBeforeS) + leewayOf(demands.expirationLeewayS, defaultLeewayS);
  const notBeforeS = claims.notBeforeS || issuedS || expiresS - leewayOf(demands.notBeforeLeewayS, defaultLeewayS);
  const skewS = leewayOf(demands.clockSkewLeewayS, defaultSkewS);
  const nowS = nowMs / 1000;
  if (demands.boundIssuer !== "" && issuer !== demands.boundIssuer)
    throw invalidClaims("failed, invalid issuer claim (iss)");
  if (nowS + skewS < notBeforeS) throw invalidClaims("failed, token not valid yet (nbf)");
  if (nowS - skewS > expiresS) throw invalidClaims("failed, token is expired (exp)");
  if (nowS + skewS < issuedS) throw invalidClaims("field, token issued in the future (iat)");
  checkAudiences(claims, demands, { isStrict: true });
}

/** @param isStrict whether a token for an audience is refused if the method names none */
export function checkAudiences(
  { audiences }: RegisteredClaims,
  { boundAudiences }: Pick<ClaimDemands, "boundAudiences">,
  { isStrict }: { readonly isStrict: boolean },
): void {
  if (boundAudiences.some((each) => audiences.includes(each))) return;
  const claims = "error validating claims";
  if (boundAudiences.length > 0) throw loginRefused(`${claims}: aud claim does not match any bound audience`);
  if (isStrict && audiences.length > 0)
    throw loginRefused(`${claims}: audience claim found in JWT but no audiences are bound`);
}

function leewayOf(configuredS: number, defaultS: number): number {
  return configuredS === 0 ? defaultS : Math.max(configuredS, 0);
}

function invalidClaims(why: string): Error {
  return loginRefused(`error validating claims: square/go-jose/jwt: validation ${why}`);
}

/** Returns the identity that a token's claims describe. @throws OperatingError denied, code "login-refused" */
export function identityOfClaims(claims: Claims, { values, lists }: ClaimMappings): LoginIdentity {
  const value = mapped(claims, values, (found, claim) => textOf(found) ?? refuseText(found, claim));
  const list = mapped(claims, lists, (found, claim) => {
    if (isRecord(found))
      throw loginRefused(`${JSON.stringify(claim)} list claim could not be converted to string list`);
    const items: readonly unknown[] = Array.isArray(found) ? found : [found];
    return items.map((item) => textOf(item) ?? refuseItem(item, claim));
  });
  const variables = new Map(values.map(([, name]) => [`value.${name}`, value[name] ?? ""]));
  return { fields: { value, list }, variables };
}

function mapped<T>(
  claims: Claims,
  mappings: ClaimMappings["values"],
  convert: (found: unknown, claim: string) => T,
): Readonly<Record<string, T>> {
  const found = mappings.map(([claim, name]) => [name, claimOf(claims, claim), claim] as const);
  return Object.fromEntries(
    found
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value, claim]) => [name, convert(value, claim)]),
  );
}

function claimOf(claims: Claims, claim: string): unknown {
  const path = claim.startsWith("/")
    ? claim
        .slice(1)
        .split("/")
        .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    : [claim];
  return path.reduce<unknown>((value, part) => {
    if (Array.isArray(value)) return /^\d+$/.test(part) ? (value as readonly unknown[])[Number(part)] : undefined;
    return isRecord(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  }, claims);
}

/** Consul: a number loses its fraction. */
function textOf(value: unknown): string | undefined {
  if (typeof value === "number") return String(Math.trunc(value));
  return typeof value === "string" || typeof value === "boolean" || typeof value === "bigint"
    ? String(value)
    : undefined;
}

function refuseText(found: unknown, claim: string): never {
  const type = Array.isArray(found) ? "[]interface {}" : "map[string]interface {}";
  throw loginRefused(`error converting claim '${claim}' to string from unknown type ${type}`);
}

function refuseItem(item: unknown, claim: string): never {
  throw loginRefused(`value ${goText(item)} in ${JSON.stringify(claim)} list claim could not be parsed as string`);
}

/** Returns a value of JSON as Go prints it. */
function goText(value: unknown): string {
  if (value === null) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(goText).join(" ")}]`;
  if (typeof value === "number" || typeof value === "bigint") return goNumber(Number(value));
  if (!isRecord(value)) return typeof value === "string" ? value : JSON.stringify(value);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `map[${members.map(([name, each]) => `${name}:${goText(each)}`).join(" ")}]`;
}

/** Returns a number as Go's verb %v prints a float64, which each number of JSON is: with an exponent from a million on. */
function goNumber(value: number): string {
  const [digits = "", exponent = ""] = value.toExponential().split("e");
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}
