import { connectErrorText, tlsErrorText } from "./go-error-text.ts";
import { formatHostPort } from "./host-port.ts";

/** Go's names of gRPC's status codes, by number. */
const codeNames: readonly string[] = [
  "OK",
  "Canceled",
  "Unknown",
  "InvalidArgument",
  "DeadlineExceeded",
  "NotFound",
  "AlreadyExists",
  "PermissionDenied",
  "ResourceExhausted",
  "FailedPrecondition",
  "Aborted",
  "OutOfRange",
  "Unimplemented",
  "Internal",
  "Unavailable",
  "DataLoss",
  "Unauthenticated",
];

export interface GrpcFailure {
  readonly code: number;
  readonly details: string;
}

/** Returns Consul's text for a failed gRPC call, with the server's message unchanged. */
export function grpcFailureText({ code, details }: GrpcFailure): string {
  return `rpc error: code = ${codeNames[code] ?? `Code(${code})`} desc = ${description(details)}`;
}

function description(details: string): string {
  const name = /^Name resolution failed for target (?:dns:)?(.*):\d+$/.exec(details)?.[1];
  if (name !== undefined) return connectionError(`Error while dialing dial tcp: lookup ${name}: no such host`);
  const last = /^No connection established\. Last error: (?:\w*Error: )?(.*?)\. Resolution note: /s.exec(details)?.[1];
  return last === undefined ? details : connectionError(lastErrorText(last));
}

/** Returns Consul's text for a server that cannot be dialled; `why` begins with "dial tcp". */
export function dialFailureText(why: string): string {
  return `rpc error: code = Unavailable desc = ${connectionError(`Error while dialing ${why}`)}`;
}

function connectionError(why: string): string {
  return `connection error: desc = "transport: ${why}"`;
}

/** Returns Go's text for the "last error" of @grpc/grpc-js, which is the text of a system error without its code. */
function lastErrorText(last: string): string {
  const [, code = "", host = "", port] = /^connect (E[A-Z]+) (.*):(\d+)$/.exec(last) ?? [];
  const connect = connectErrorText(code);
  if (connect !== undefined) {
    return `Error while dialing dial tcp ${formatHostPort({ host, port: Number(port) })}: ${connect}`;
  }
  const tls = tlsErrorText(Object.assign(new Error(last), { code: tlsCodeOf(last) }));
  if (tls !== undefined) return `authentication handshake failed: ${tls}`;
  if (/^Failed to connect|^Protocol error/.test(last))
    return "connection closed: the server does not speak gRPC on this port";
  if (last.startsWith("h2 is not supported"))
    return "the server does not offer HTTP/2 by TLS (ALPN h2), which gRPC needs";
  return last;
}

function tlsCodeOf(message: string): string {
  if (/self.signed certificate|unable to (?:get|verify)/i.test(message)) return "UNABLE_TO_VERIFY_LEAF_SIGNATURE";
  if (/certificate has expired/i.test(message)) return "CERT_HAS_EXPIRED";
  if (/certificate is not yet valid/i.test(message)) return "CERT_NOT_YET_VALID";
  if (/does not match certificate's altnames/.test(message)) return "ERR_TLS_CERT_ALTNAME_INVALID";
  if (/wrong.version.number/i.test(message)) return "ERR_SSL_WRONG_VERSION_NUMBER";
  return message.includes(":SSL routines:") ? "EPROTO" : "";
}
