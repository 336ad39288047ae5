import { isDeepStrictEqual } from "node:util";
import type { CheckTls } from "../../checks/check-tls.ts";
import type { RuntimeConfig } from "../../config/runtime-config.ts";
import { type CertificateEnd, certificateEnds } from "./certificate-ends.ts";
import type { DialOptions } from "../../link/connect.ts";
import type { Link } from "../../link/link.ts";
import type { LinkTls, Signing } from "../../link/link-tls.ts";
import type { GivenCertificate } from "../../cluster/auto-encrypt.ts";
import { KeyedQueue } from "../../lib/keyed-queue.ts";
import {
  listenerOptions,
  openSslCiphers,
  protocolOptions,
  readTlsFiles,
  type TlsCredentials,
  tlsVersions,
} from "../../lib/tls-files.ts";

interface InForce extends Pick<RuntimeConfig, "tls" | "tlsForChecks"> {
  readonly credentials: TlsCredentials;
  readonly ends: readonly CertificateEnd[];
  readonly automatic: Automatic;
}

/** The certificates of auto_encrypt: what a server has given to this agent, or the authority with which this server signs. */
export type Automatic = Omit<GivenCertificate, "own"> & Partial<Pick<GivenCertificate, "own">>;

const noneAutomatic: Automatic = { authorities: [], serverAuthorities: [], verifiesServerName: false };

function read({ tls, tlsForChecks }: RuntimeConfig): Omit<InForce, "automatic"> {
  const credentials = readTlsFiles(tls);
  return { tls, tlsForChecks, credentials, ends: certificateEnds(tls, credentials) };
}

/** The TLS settings and certificates that are in force: those of the start, or of the last reload. */
export class AgentTls {
  readonly #config: RuntimeConfig;
  #inForce: InForce;
  readonly #followers = new Set<() => Promise<void>>();
  #followAutomatic: () => Promise<void> = () => Promise.resolve();
  readonly #changes = new KeyedQueue();

  /** @throws OperatingError naming the certificate or key that cannot be used */
  constructor(config: RuntimeConfig) {
    this.#config = config;
    this.#inForce = { ...read(config), automatic: noneAutomatic };
  }

  /**
   * Reads the certificates of a new configuration. Returns a function that puts them in force, and resolves with one that undoes
   * this.
   * @throws OperatingError naming the certificate or key that cannot be used
   */
  prepare(next: RuntimeConfig): () => Promise<() => Promise<void>> {
    const change = read(next);
    return async () => {
      const { automatic: _others, ...before } = this.#inForce;
      await this.#change(change);
      return () => this.#change(before);
    };
  }

  /** Puts the certificates of auto_encrypt in force, beside those of the configuration. */
  async useAutomatic(automatic: Automatic): Promise<void> {
    await this.#change({ automatic });
    await this.#followAutomatic();
  }

  /** Calls `follower` after each change of the certificates of auto_encrypt. */
  followAutomatic(follower: () => Promise<void>): void {
    this.#followAutomatic = follower;
  }

  /** Puts new values in force, in turn. If one of the followers fails, those from before are in force again. */
  #change(change: Partial<InForce>): Promise<void> {
    return this.#changes.run(["links"], async () => {
      const [before, linksBefore] = [this.#inForce, this.#ofLinks];
      this.#inForce = { ...before, ...change };
      if (isDeepStrictEqual(linksBefore, this.#ofLinks)) return;
      try {
        await this.#tellFollowers();
      } catch (error) {
        this.#inForce = before;
        await this.#tellFollowers();
        throw error;
      }
    });
  }

  async #tellFollowers(): Promise<void> {
    await Promise.all([...this.#followers].map((follow) => follow()));
  }

  /** The certificates of connections with other agents; undefined if those use no TLS. */
  get forLinks(): LinkTls | undefined {
    const { clusterKey, datacenter, dnsDomain } = this.#config;
    const { tls } = this.#inForce;
    const { automatic, credentials } = this.#inForce;
    const { verify } = tls;
    const { asks, signs } = this.#config.autoEncrypt;
    const authorities = [...new Set([...credentials.authorities, ...automatic.serverAuthorities])];
    const verifiesIncoming = verify.incoming || verify.incomingRpc;
    // Consul: an agent that asks for its certificate verifies the servers. It may have no CA to verify them by.
    const verifiesOutgoing = verify.outgoing || verify.serverHostname || (asks && authorities.length > 0);
    if (clusterKey === undefined && !verifiesIncoming && !verifiesOutgoing && !asks && !signs) return undefined;
    const verifiesServerName = verify.serverHostname || automatic.verifiesServerName;
    const { own } = this.#credentials;
    return {
      own: own && { certificate: own.cert, key: own.key },
      ...{ authorities, verifiesIncoming, verifiesOutgoing, protocol: protocolOptions(tls) },
      serverName: verifiesServerName ? `server.${datacenter}.${withoutFinalDot(dnsDomain)}` : undefined,
    };
  }

  /** How this server signs certificates; undefined if it does not. */
  get signing(): Signing | undefined {
    const { accessControl, autoEncrypt } = this.#config;
    if (!autoEncrypt.signs) return undefined;
    const isGuarded = accessControl?.defaultPolicy === "deny" && !accessControl.isObserved;
    return { authorities: this.#inForce.automatic.authorities, isGuarded };
  }

  get #ofLinks(): readonly unknown[] {
    return [this.forLinks, this.signing];
  }

  /** Bun's options for the listeners of HTTPS. */
  get forHttps(): Bun.TLSOptions {
    const { tls } = this.#inForce;
    return listenerOptions(tls, this.#credentials, tls.verify.incoming || tls.verify.incomingHttps);
  }

  /** The certificates of the configuration and of auto_encrypt together. Consul: those of the configuration take precedence. */
  get #credentials(): TlsCredentials {
    const { automatic, credentials } = this.#inForce;
    const { own: given, authorities, serverAuthorities } = automatic;
    return {
      authorities: [...new Set([...credentials.authorities, ...serverAuthorities, ...authorities])],
      own: credentials.own ?? (given && { cert: given.certificate, key: given.key }),
    };
  }

  /**
   * Calls `follower` after each change of `forLinks`, until the returned function is called. A change that it rejects does not take
   * place.
   */
  followLinks(follower: () => Promise<void>): () => void {
    this.#followers.add(follower);
    return () => void this.#followers.delete(follower);
  }

  /** Returns a `dial` that secures each connection with the certificates that are in force. */
  securing(dial: (options: DialOptions) => Promise<Link>): (options: DialOptions) => Promise<Link> {
    return (options) => dial({ ...options, tls: this.forLinks });
  }

  get ends(): readonly CertificateEnd[] {
    return this.#inForce.ends;
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

function withoutFinalDot(domain: string): string {
  return domain.replace(/\.$/, "");
}
