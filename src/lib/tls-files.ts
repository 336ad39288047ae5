import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf, OperatingError } from "./errors.ts";
import { fileFailure } from "./file-failure.ts";

/** TLS settings of an agent; files are in PEM. */
export interface TlsFiles {
  readonly caFile: string | undefined;
  /** A folder of CA certificates, in files of any name, also in subfolders. Ignored when `caFile` is set. */
  readonly caPath: string | undefined;
  /** Has no effect without `keyFile`, and `keyFile` has none without it. */
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  /** Whether a server gives this agent a certificate, which is used where `certFile` is not set (auto_encrypt.tls). */
  readonly asksServers: boolean;
  readonly verify: TlsVerification;
  /** The oldest accepted version of TLS: "tls10", "tls11", "tls12" or "tls13". */
  readonly minVersion: string;
  /** Go's names of cipher suites, for versions below TLS 1.3; empty for the default suites. */
  readonly cipherSuites: readonly string[];
  readonly preferServerCipherSuites: boolean;
}

/** Which certificates are demanded, and verified by a CA of `caFile` or `caPath`. */
export interface TlsVerification {
  /** Includes `incomingHttps` and `incomingRpc`. */
  readonly incoming: boolean;
  /** Those of HTTPS clients. */
  readonly incomingHttps: boolean;
  /** Those of agents that connect to a server. */
  readonly incomingRpc: boolean;
  /** Those of the servers to which this agent connects. */
  readonly outgoing: boolean;
  /** Also the name "server.<datacenter>.<domain>" of such a server. Includes `outgoing`. */
  readonly serverHostname: boolean;
}

/** The content of the files. */
export interface TlsCredentials {
  /** Each CA certificate; empty without `caFile` and `caPath`. */
  readonly authorities: readonly string[];
  /** The certificate, with those of the authorities between it and the CA, and its key; undefined if one of the two is not set. */
  readonly own: { readonly cert: string; readonly key: string } | undefined;
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
 * Reads and checks certificates and keys, in Consul's order and with its error texts, followed by the file where Consul does not
 * name it. Consul: also reads them when HTTPS is off.
 * @throws OperatingError invalid "tls-files"
 */
export function readTlsFiles(files: TlsFiles): TlsCredentials {
  const { certFile, keyFile, verify, minVersion } = files;
  const own = certFile !== undefined && keyFile !== undefined ? readPair(certFile, keyFile) : undefined;
  const authorities = readAuthorities(files);
  if (!tlsVersions.has(minVersion)) {
    const known = [...tlsVersions.keys()].join(", ");
    throw unusable(`TLSMinVersion: value ${minVersion} not supported, please specify one of [${known}]`);
  }
  const hasAuthority = authorities.length > 0;
  if ((verify.outgoing || verify.serverHostname) && !hasAuthority)
    throw unusable("VerifyOutgoing set, and no CA certificate provided!");
  if (verify.incoming || verify.incomingHttps || verify.incomingRpc) {
    if (!hasAuthority) throw unusable("VerifyIncoming set but no CA certificates were provided");
    if (!own && !files.asksServers)
      throw unusable(
        "VerifyIncoming requires either a Cert and Key pair in the configuration file, or auto_encrypt/auto_config be enabled",
      );
  }
  return { authorities, own };
}

/**
 * Returns Bun's options of a listener. Consul: without a certificate, it listens and each handshake fails.
 * @param isVerifying whether clients must present a certificate
 * @throws OperatingError invalid "tls-files" when no cipher suite is left
 */
export function listenerOptions(
  files: TlsFiles,
  { own, authorities }: TlsCredentials,
  isVerifying: boolean,
): Bun.TLSOptions {
  return {
    ...own,
    ...(own && authorities.length > 0 && { ca: [...authorities] }),
    requestCert: isVerifying,
    rejectUnauthorized: isVerifying,
    ...protocolOptions(files),
  };
}

/** Returns Bun's options for the versions and cipher suites. Bun accepts minVersion, which its type of the options lacks. */
export function protocolOptions(files: TlsFiles): Bun.TLSOptions {
  const ciphers = openSslCiphers(files);
  const options = {
    minVersion: tlsVersions.get(files.minVersion),
    ...(ciphers !== undefined && { ciphers }),
    ...(files.preferServerCipherSuites && { secureOptions: serverPreference }),
  };
  return options;
}

/**
 * Returns OpenSSL's names of the cipher suites, separated by colons; undefined for the default suites.
 * @throws OperatingError invalid "tls-files" when the TLS library has none of the suites
 */
export function openSslCiphers({ cipherSuites: named }: Pick<TlsFiles, "cipherSuites">): string | undefined {
  if (named.length === 0) return undefined;
  const ciphers = named.flatMap((name) => cipherSuites.get(name)?.openSslName ?? []);
  if (ciphers.length > 0) return ciphers.join(":");
  throw unusable(`tls_cipher_suites ${named.join(",")} cannot be served: add one with GCM in its name`);
}

/** Reads a certificate and its key. Go, tls.X509KeyPair: the order of the checks, and the texts. */
function readPair(certFile: string, keyFile: string): { readonly cert: string; readonly key: string } {
  const refused = (reason: string, cause?: unknown): OperatingError =>
    unusable(`Failed to load cert/key pair: ${reason}`, cause);
  const read = (path: string): string => {
    try {
      return readFileSync(path, "utf8");
    } catch (cause) {
      throw refused(goFileFailure(cause, path), cause);
    }
  };
  const [cert, key] = [read(certFile), read(keyFile)];
  const ofCert = ` (cert_file ${certFile})`;
  const ofKey = ` (key_file ${keyFile})`;
  const blocks = pemBlocks(cert);
  if (blocks.length === 0) throw refused(`tls: failed to find any PEM data in certificate input${ofCert}`);
  const certificateBlocks = blocks.filter(({ type }) => type === "CERTIFICATE");
  if (certificateBlocks.length === 0) {
    const isSwitched = blocks.length === 1 && isKey(blocks[0]);
    throw refused(
      isSwitched
        ? `tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched${ofCert}`
        : `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: ${typesOf(blocks)}${ofCert}`,
    );
  }
  const keyBlocks = pemBlocks(key);
  if (keyBlocks.length === 0) throw refused(`tls: failed to find any PEM data in key input${ofKey}`);
  const keyBlock = keyBlocks.find(isKey);
  if (!keyBlock)
    throw refused(
      keyBlocks.length === 1 && keyBlocks[0]?.type === "CERTIFICATE"
        ? `tls: found a certificate rather than a key in the PEM for the private key${ofKey}`
        : `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: ${typesOf(keyBlocks)}${ofKey}`,
    );
  const chain = certificateBlocks.map((block) => readCertificate(block, (reason) => refused(`${reason}${ofCert}`)));
  const [certificate] = chain;
  const privateKey = parsed<KeyObject>(
    () => createPrivateKey(keyBlock.text),
    () => refused(`tls: failed to parse private key${ofKey}`),
  );
  if (!certificate?.checkPrivateKey(privateKey)) {
    const isSameType = certificate?.publicKey.asymmetricKeyType === privateKey.asymmetricKeyType;
    throw refused(
      `tls: private key ${isSameType ? "does not match public key" : "type does not match public key type"}`,
    );
  }
  // Go passes over other blocks and text in the files; the TLS library here could refuse them, once the port is closed.
  return { cert: chain.map(String).join(""), key: privateKey.export({ type: "pkcs8", format: "pem" }) };
}

/**
 * Reads a certificate and the public key in it, so that no later use of it throws.
 * @param refused makes the error from the reason
 */
function readCertificate(block: PemBlock, refused: (reason: string) => OperatingError): X509Certificate {
  return parsed(() => {
    const certificate = new X509Certificate(block.text);
    void certificate.publicKey;
    return certificate;
  }, refused);
}

/** Returns each certificate of `caFile`, or of the files below `caPath`. */
function readAuthorities({ caFile, caPath }: TlsFiles): readonly string[] {
  if (caFile !== undefined) return certificatesIn("ca_file", caFile);
  if (caPath === undefined) return [];
  const pems = filesBelow(caPath).flatMap((path) => certificatesIn("ca_path", path));
  if (pems.length === 0) throw unusable(`Error loading from CAPath: no CAs found (ca_path ${caPath})`);
  return pems;
}

function filesBelow(path: string): readonly string[] {
  try {
    const entries = readdirSync(path, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted();
  } catch (cause) {
    // Consul: a path that is no folder is read as the only file.
    if (codeOf(cause) === "ENOTDIR") return [path];
    throw unusable(fileFailure(cause).replace(/^open/, "lstat"), cause);
  }
}

/**
 * Returns the certificates of a file of authorities. Go skips blocks that are not certificates. Consul's text has the whole file;
 * this one has its name, since the file may be a private key that was named by mistake.
 */
function certificatesIn(field: string, path: string): readonly string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw unusable(`Error loading from ${path}: ${goFileFailure(cause, path)}`, cause);
  }
  const refused = (): OperatingError => unusable(`Couldn't parse PEM (${field} ${path})`);
  const blocks = pemBlocks(text).filter(({ type }) => type === "CERTIFICATE");
  if (blocks.length === 0) throw refused();
  return blocks.map((block) => readCertificate(block, refused).toString());
}

interface PemBlock {
  /** The word after BEGIN, such as "CERTIFICATE". */
  readonly type: string;
  readonly text: string;
}

/**
 * Returns the blocks of a text in PEM: from a line BEGIN to the next line END of the same type. Takes a time in proportion to the
 * length of the text, also where no BEGIN has its END.
 */
export function pemBlocks(text: string): readonly PemBlock[] {
  /** The offsets after the lines END that are not passed yet, by type, the last one first. */
  const ends = new Map<string, number[]>();
  for (const { 0: line, 1: type = "", index } of [...text.matchAll(/^-----END ([^\r\n]*?)-----/gm)].toReversed()) {
    const known = ends.get(type);
    if (known) known.push(index + line.length);
    else ends.set(type, [index + line.length]);
  }
  const blocks: PemBlock[] = [];
  let at = 0;
  for (const { 1: type = "", index } of text.matchAll(/^-----BEGIN ([^\r\n]*?)-----[ \t]*\r?$/gm)) {
    if (index < at) continue;
    const left = ends.get(type) ?? [];
    while ((left.at(-1) ?? Infinity) <= index) left.pop();
    const end = left.at(-1);
    if (end === undefined) continue;
    blocks.push({ type, text: `${text.slice(index, end)}\n` });
    at = end;
  }
  return blocks;
}

function isKey(block: PemBlock | undefined): boolean {
  return block !== undefined && (block.type === "PRIVATE KEY" || block.type.endsWith(" PRIVATE KEY"));
}

/** Formats the types of blocks as Go formats a list: "[A B]". */
function typesOf(blocks: readonly PemBlock[]): string {
  return `[${blocks.map(({ type }) => type).join(" ")}]`;
}

function parsed<T>(parse: () => T, refused: (reason: string) => OperatingError): T {
  try {
    return parse();
  } catch (cause) {
    throw refused(messageOf(cause));
  }
}

/** Formats an error as Go does; it names the call that failed. */
function goFileFailure(cause: unknown, path: string): string {
  return codeOf(cause) === "EISDIR" ? `read ${path}: is a directory` : fileFailure(cause);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function unusable(message: string, cause?: unknown): OperatingError {
  return new OperatingError("invalid", "tls-files", message, { cause });
}
