import { isDeepStrictEqual } from "node:util";
import type { CheckTls } from "../../checks/check-tls.ts";
import type { RuntimeConfig } from "../../config/runtime-config.ts";
import { type CertificateEnd, certificateEnds } from "./certificate-ends.ts";
import type { DialOptions } from "../../link/connect.ts";
import type { Link } from "../../link/link.ts";
import type { LinkTls } from "../../link/link-tls.ts";
import {
  openSslCiphers,
  protocolOptions,
  readTlsFiles,
  type TlsCredentials,
  tlsVersions,
} from "../../lib/tls-files.ts";

/** The TLS settings and certificates that are in force: those of the start, or of the last reload. */
export class AgentTls {
  readonly #config: RuntimeConfig;
  #inForce: Pick<RuntimeConfig, "tls" | "tlsForChecks">;
  readonly #followers = new Set<() => void>();
  #credentials: TlsCredentials;
  #ends: readonly CertificateEnd[];

  /** @throws OperatingError naming the certificate or key that cannot be used */
  constructor(config: RuntimeConfig) {
    this.#config = config;
    this.#inForce = config;
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
      const before = this.forLinks;
      this.#inForce = next;
      this.#credentials = credentials;
      this.#ends = certificateEnds(next.tls, credentials);
      if (isDeepStrictEqual(before, this.forLinks)) return;
      for (const follow of this.#followers) follow();
    };
  }

  /** The certificates of connections with other agents; undefined if those use no TLS. */
  get forLinks(): LinkTls | undefined {
    const { clusterKey, datacenter, dnsDomain } = this.#config;
    const { tls } = this.#inForce;
    const { verify } = tls;
    const verifiesIncoming = verify.incoming || verify.incomingRpc;
    const verifiesOutgoing = verify.outgoing || verify.serverHostname;
    if (clusterKey === undefined && !verifiesIncoming && !verifiesOutgoing) return undefined;
    const { own, authorities } = this.#credentials;
    return {
      own: own && { certificate: own.cert, key: own.key },
      ...{ authorities, verifiesIncoming, verifiesOutgoing, protocol: protocolOptions(tls) },
      serverName: verify.serverHostname ? `server.${datacenter}.${dnsDomain.replace(/\.$/, "")}` : undefined,
    };
  }

  /** Calls `follower` after each change of `forLinks`, until the returned function is called. */
  followLinks(follower: () => void): () => void {
    this.#followers.add(follower);
    return () => void this.#followers.delete(follower);
  }

  /** Returns a `dial` that secures each connection with the certificates that are in force. */
  securing(dial: (options: DialOptions) => Promise<Link>): (options: DialOptions) => Promise<Link> {
    return (options) => dial({ ...options, tls: this.forLinks });
  }

  get ends(): readonly CertificateEnd[] {
    return this.#ends;
  }

  /** The TLS of the checks; undefined if they do not use the agent's. */
  forChecks(nodeName: string): CheckTls | undefined {
    const { tls, tlsForChecks } = this.#inForce;
    if (!tlsForChecks.enabled) return undefined;
    return {
      ...this.#credentials,
      serverName: tlsForChecks.serverName || nodeName,
      minVersion: tlsVersions.get(tls.minVersion),
      ciphers: openSslCiphers(tls),
    };
  }
}
