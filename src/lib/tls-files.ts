import { createPrivateKey, X509Certificate } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf, OperatingError } from "./errors.ts";

/** TLS settings of a server; files are in PEM. */
export interface TlsFiles {
  readonly caFile: string | undefined;
  /** A folder of CA certificates, in files of any name, also in subfolders. Ignored when `caFile` is set. */
  readonly caPath: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  /** Whether clients must present a certificate that a CA of `caFile` or `caPath` has signed. */
  readonly verifyIncoming: boolean;
  /** The oldest accepted version of TLS: "tls10", "tls11", "tls12" or "tls13". */
  readonly minVersion: string;
  /** Go's names of cipher suites, for versions below TLS 1.3; empty for the default suites. */
  readonly cipherSuites: readonly string[];
  readonly preferServerCipherSuites: boolean;
}

/** Consul's names of TLS versions, with their numbers in the protocol. */
export const tlsVersions: ReadonlyMap<string, number> = new Map([
  ["tls10", 0x0301],
  ["tls11", 0x0302],
  ["tls12", 0x0303],
  ["tls13", 0x0304],
]);

interface CipherSuite {
  /** The suite's number in TLS (RFC 8446, appendix B.4, and RFC 5289). */
  readonly id: number;
  /** OpenSSL's name; undefined for a suite that BoringSSL does not have. */
  readonly openSslName: string | undefined;
}

/** The cipher suites that Consul 1.8 accepts, by Go's names. */
export const cipherSuites: ReadonlyMap<string, CipherSuite> = new Map([
  ["TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", { id: 0xc009, openSslName: "ECDHE-ECDSA-AES128-SHA" }],
  ["TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", { id: 0xc00a, openSslName: "ECDHE-ECDSA-AES256-SHA" }],
  ["TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", { id: 0xc013, openSslName: "ECDHE-RSA-AES128-SHA" }],
  ["TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", { id: 0xc014, openSslName: "ECDHE-RSA-AES256-SHA" }],
  ["TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", { id: 0xc023, openSslName: undefined }],
  ["TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", { id: 0xc027, openSslName: "ECDHE-RSA-AES128-SHA256" }],
  ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", { id: 0xc02f, openSslName: "ECDHE-RSA-AES128-GCM-SHA256" }],
  ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", { id: 0xc02b, openSslName: "ECDHE-ECDSA-AES128-GCM-SHA256" }],
  ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", { id: 0xc030, openSslName: "ECDHE-RSA-AES256-GCM-SHA384" }],
  ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", { id: 0xc02c, openSslName: "ECDHE-ECDSA-AES256-GCM-SHA384" }],
]);

/** OpenSSL's SSL_OP_CIPHER_SERVER_PREFERENCE. */
const serverPreference = 0x0040_0000;

/**
 * Reads the certificates and keys of HTTPS. Parses each file, because the listener's errors do not name the file. Consul:
 * without a certificate or its key, HTTPS listens and each handshake fails; a reload can add them.
 * @throws OperatingError invalid that names the field and the file that cannot be used
 */
export function readTlsFiles(files: TlsFiles): Bun.TLSOptions {
  const { certFile, keyFile, verifyIncoming } = files;
  const ca = readAuthorities(files);
  if (verifyIncoming && ca.length === 0) {
    throw unusable("verify_incoming needs ca_file or ca_path: name the certificates that clients are verified by");
  }
  if (certFile === undefined || keyFile === undefined) {
    if (!verifyIncoming) return { requestCert: false, rejectUnauthorized: false, ...protocolOptions(files) };
    throw unusable("verify_incoming needs cert_file and key_file: name the server's certificate and its key");
  }
  const cert = readPem("cert_file", certFile, (pem) => new X509Certificate(pem));
  const key = readPem("key_file", keyFile, (pem) => createPrivateKey(pem));
  if (!cert.parsed.checkPrivateKey(key.parsed)) {
    throw unusable(
      `cert_file ${certFile} and key_file ${keyFile} do not belong together: name the certificate's own key`,
    );
  }
  return {
    cert: cert.pem,
    key: key.pem,
    ...(ca.length > 0 && { ca: [...ca] }),
    requestCert: verifyIncoming,
    rejectUnauthorized: verifyIncoming,
    ...protocolOptions(files),
  };
}

/** Returns Bun's options for the versions and cipher suites. Bun accepts minVersion, which its type of the options lacks. */
function protocolOptions({ minVersion, cipherSuites: named, preferServerCipherSuites }: TlsFiles): Bun.TLSOptions {
  const ciphers = named.flatMap((name) => cipherSuites.get(name)?.openSslName ?? []);
  if (named.length > 0 && ciphers.length === 0)
    throw unusable(`tls_cipher_suites ${named.join(",")} cannot be served: add one with GCM in its name`);
  const options = {
    minVersion: tlsVersions.get(minVersion),
    ...(ciphers.length > 0 && { ciphers: ciphers.join(":") }),
    ...(preferServerCipherSuites && { secureOptions: serverPreference }),
  };
  return options;
}

function readAuthorities({ caFile, caPath }: TlsFiles): readonly string[] {
  const parse = (pem: string): X509Certificate => new X509Certificate(pem);
  if (caFile !== undefined) return [readPem("ca_file", caFile, parse).pem];
  if (caPath === undefined) return [];
  const pems = filesBelow(caPath).map((path) => readPem("ca_path", path, parse).pem);
  if (pems.length === 0) throw unusable(`ca_path ${caPath} holds no files: put certificates in PEM there`);
  return pems;
}

function filesBelow(folder: string): readonly string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted();
  } catch (cause) {
    throw unusable(
      `cannot read ca_path ${folder}: ${messageOf(cause)}. Name a folder, and check its permissions`,
      cause,
    );
  }
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
