import type { CheckTls } from "../../checks/check-tls.ts";
import type { RuntimeConfig } from "../../config/runtime-config.ts";
import { type CertificateEnd, certificateEnds } from "./certificate-ends.ts";
import { openSslCiphers, readTlsFiles, type TlsCredentials, tlsVersions } from "../../lib/tls-files.ts";

/** The TLS settings and certificates that are in force: those of the start, or of the last reload. */
export class AgentTls {
  #config: RuntimeConfig;
  #credentials: TlsCredentials;
  #ends: readonly CertificateEnd[];

  /** @throws OperatingError naming the certificate or key that cannot be used */
  constructor(config: RuntimeConfig) {
    this.#config = config;
    this.#credentials = readTlsFiles(config.tls);
    this.#ends = certificateEnds(config.tls, this.#credentials);
  }

  /**
   * Reads the certificates of a new configuration. Returns a function that puts them in force.
   * @throws OperatingError naming the certificate or key that cannot be used
   */
  prepare(next: RuntimeConfig): () => void {
    const credentials = readTlsFiles(next.tls);
    return () => {
      this.#config = next;
      this.#credentials = credentials;
      this.#ends = certificateEnds(next.tls, credentials);
    };
  }

  get ends(): readonly CertificateEnd[] {
    return this.#ends;
  }

  /** The TLS of the checks; undefined if they do not use the agent's. */
  forChecks(nodeName: string): CheckTls | undefined {
    const { tls, tlsForChecks } = this.#config;
    if (!tlsForChecks.enabled) return undefined;
    return {
      ...this.#credentials,
      serverName: tlsForChecks.serverName || nodeName,
      minVersion: tlsVersions.get(tls.minVersion),
      ciphers: openSslCiphers(tls),
    };
  }
}
