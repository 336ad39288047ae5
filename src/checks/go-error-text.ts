import { messageOf } from "../lib/errors.ts";
import { formatHostPort, type HostPort } from "./host-port.ts";
import { handshakeFailureText } from "./tls-alerts.ts";

/**
 * Go's texts for network errors, by the system's error code: users of Consul know them, search for them, and match them in
 * alerts. An error whose code is not listed here keeps its message.
 */
const connectTexts: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connect: connection refused",
  ECONNRESET: "connect: connection reset by peer",
  EHOSTUNREACH: "connect: no route to host",
  ENETUNREACH: "connect: network is unreachable",
  ETIMEDOUT: "connect: connection timed out",
  EADDRNOTAVAIL: "connect: cannot assign requested address",
  EACCES: "connect: permission denied",
  EINVAL: "connect: invalid argument",
  EPERM: "connect: operation not permitted",
  EMFILE: "socket: too many open files",
  ENFILE: "socket: too many open files in system",
};

const lookupTexts: Readonly<Record<string, string>> = {
  ENOTFOUND: "no such host",
  ENODATA: "no such host",
  ENONAME: "no such host",
  EAI_AGAIN: "Temporary failure in name resolution",
  ESERVFAIL: "server misbehaving",
  ETIMEOUT: "i/o timeout",
  ECONNREFUSED: "no name server answers",
};

/** Returns Go's text for a failed connection: "dial tcp 127.0.0.1:8080: connect: connection refused". */
export function dialErrorText(thrown: unknown, target: HostPort): string {
  const error = firstOf(thrown);
  const code = codeOf(error).replace(/^DNS_/, "");
  if (syscallOf(error) === "getaddrinfo") return `dial tcp: ${lookupErrorText(code, target.host)}`;
  const address = { host: addressOf(error) ?? target.host, port: target.port };
  return `dial tcp ${formatHostPort(address)}: ${connectErrorText(code) ?? messageOf(error)}`;
}

/** Returns Go's text for a timeout of the name's look-up or of the connection to the preferred address. */
export function dialTimeoutText(waitsFor: "address" | "connection" | "nothing", { host, port }: HostPort): string {
  if (waitsFor === "address") return `dial tcp: ${lookupErrorText("ETIMEOUT", host)}`;
  return `dial tcp ${formatHostPort({ host, port })}: i/o timeout`;
}

function lookupErrorText(code: string, host: string): string {
  return `lookup ${host}: ${lookupTexts[code] ?? code}`;
}

export function connectErrorText(code: string): string | undefined {
  return connectTexts[code];
}

/** Returns Go's text for a failed TLS handshake; undefined for any other error. */
export function tlsErrorText(error: unknown): string | undefined {
  const code = codeOf(error);
  if (code === "CERT_HAS_EXPIRED") return `${outOfTimeText}: it has expired`;
  if (code === "CERT_NOT_YET_VALID") return `${outOfTimeText}: it is not yet valid; is this machine's clock right?`;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return nameMismatchText(messageOf(error));
  if (untrustedCodes.has(code)) return "x509: certificate signed by unknown authority";
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER" || messageOf(error).endsWith(":WRONG_VERSION_NUMBER")) return notTlsText;
  if (isProtocolCode(code)) return handshakeFailureText(messageOf(error));
  return undefined;
}

/** Returns whether a TLS handshake failed only because the certificate is untrusted, expired or has another name. */
export function isCertificateError(error: unknown): boolean {
  const code = codeOf(error);
  return code !== "" && code !== "ECONNRESET" && !isProtocolCode(code);
}

function isProtocolCode(code: string): boolean {
  return code.startsWith("ERR_SSL_") || code === "EPROTO";
}

const outOfTimeText = "x509: certificate has expired or is not yet valid";

export const notTlsText = "tls: first record does not look like a TLS handshake";

const untrustedCodes: ReadonlySet<string> = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "CERT_UNTRUSTED",
]);

/**
 * Returns Go's text for the messages "Host: a.example. is not in the cert's altnames: DNS:b.example" and
 * "IP: 127.0.0.1 is not in the cert's list: ".
 */
function nameMismatchText(message: string): string {
  const [, address, addresses = ""] = /IP: (\S+) is not in the cert's list: *(.*)/.exec(message) ?? [];
  if (address !== undefined && addresses === "")
    return `x509: cannot validate certificate for ${address} because it doesn't contain any IP SANs`;
  if (address !== undefined) return `x509: certificate is valid for ${addresses}, not ${address}`;
  const [, host, names = ""] = /Host: (\S+)\. is not in the cert's altnames: (.*)/.exec(message) ?? [];
  if (host === undefined) return `x509: ${message}`;
  return `x509: certificate is valid for ${names.replaceAll("DNS:", "")}, not ${host}`;
}

/** Returns the error of the first address, which is the preferred one, if the connection tried several; else the error itself. */
function firstOf(thrown: unknown): unknown {
  return thrown instanceof AggregateError ? (thrown.errors[0] ?? thrown) : thrown;
}

export function codeOf(error: unknown): string {
  return stringField(error, "code") ?? "";
}

function syscallOf(error: unknown): string | undefined {
  return stringField(error, "syscall");
}

function addressOf(error: unknown): string | undefined {
  return stringField(error, "address");
}

function stringField(error: unknown, name: string): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const value: unknown = Reflect.get(error, name);
  return typeof value === "string" ? value : undefined;
}
