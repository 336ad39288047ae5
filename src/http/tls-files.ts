import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { messageOf, OperatingError } from "../lib/errors.ts";

/** Paths of PEM files. */
export interface TlsFiles {
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  /** Clients must show a certificate that `caFile` vouches for. */
  readonly verifyIncoming: boolean;
}

/**
 * What HTTPS is served with. All is tried out here, because the listener's own words name no file. Consul: without a
 * certificate or its key each handshake fails, but HTTPS is served; a reload can bring them.
 * @throws OperatingError invalid naming the field and the file that cannot be used
 */
export function readTlsFiles({ certFile, keyFile, caFile, verifyIncoming }: TlsFiles): Bun.TLSOptions {
  if (verifyIncoming && caFile === undefined) {
    throw unusable("verify_incoming needs ca_file: name the certificates that clients are verified by");
  }
  if (certFile === undefined || keyFile === undefined) {
    if (!verifyIncoming) return { requestCert: false, rejectUnauthorized: false };
    throw unusable("verify_incoming needs cert_file and key_file: name the server's certificate and its key");
  }
  const cert = readPem("cert_file", certFile, (pem) => new X509Certificate(pem));
  const key = readPem("key_file", keyFile, (pem) => createPrivateKey(pem));
  if (!cert.parsed.checkPrivateKey(key.parsed)) {
    throw unusable(
      `cert_file ${certFile} and key_file ${keyFile} do not belong together: name the certificate's own key`,
    );
  }
  const ca = caFile === undefined ? undefined : readPem("ca_file", caFile, (pem) => new X509Certificate(pem)).pem;
  return {
    cert: cert.pem,
    key: key.pem,
    ...(ca !== undefined && { ca }),
    requestCert: verifyIncoming,
    rejectUnauthorized: verifyIncoming,
  };
}

function readPem<T>(
  field: string,
  path: string,
  parse: (pem: string) => T,
): { readonly pem: string; readonly parsed: T } {
  let pem: string;
  try {
    pem = readFileSync(path, "utf8");
  } catch (cause) {
    throw unusable(`cannot read ${field} ${path}: ${messageOf(cause)}. Check the path and its permissions`, cause);
  }
  try {
    return { pem, parsed: parse(pem) };
  } catch (cause) {
    const what = field === "key_file" ? "a private key without a password" : "a certificate";
    throw unusable(`${field} ${path} does not hold ${what} in PEM: ${messageOf(cause)}`, cause);
  }
}

function unusable(message: string, cause?: unknown): OperatingError {
  return new OperatingError("invalid", "tls-files", message, { cause });
}
