import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import type { AuthorityContent, Issued, Issuer } from "../lib/certificate.ts";
import type { Clock } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Random } from "../lib/random.ts";
import { newSerialNumber } from "../lib/serial-number.ts";
import type { Handler } from "../link/link.ts";
import type { SigningAuthority, SigningAuthorityRow } from "../model/signing-authority.ts";
import type { Caller, Callers } from "../registry/caller.ts";
import { permissionDenied } from "../registry/permissions.ts";
import type { Registry } from "../registry/registry.ts";
import { ensureSigningAuthority, readSigningAuthority } from "../registry/signing-authority.ts";
import {
  type CertificateAnswer,
  type CertificateRequest,
  certificateCall,
  decodeCertificateRequest,
} from "./certificate-call.ts";

export interface CertificateSignerOptions {
  readonly store: Registry;
  readonly callers: Callers;
  readonly datacenter: string;
  /** The DNS domain without the final dot: "consul". */
  readonly domain: string;
  /** Returns what the server tells the agents beside the certificate. */
  readonly ofServers: () => Pick<CertificateAnswer, "serverAuthorities" | "verifiesServerName">;
  /** Makes the server's port accept agents with certificates of these authorities. */
  readonly accept: (authorities: readonly string[]) => Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Consul: the certificate of an agent is valid for three days, and that of the authority for ten years. */
const leafDays = 3;
const authorityDays = 3_653;
/** The time by which a certificate is valid before it was made, since clocks differ, in milliseconds. Consul's is the same. */
const earlierMs = 60_000;

/**
 * Signs the certificates of client agents (auto_encrypt.allow_tls), with an authority that all servers of the cluster have in
 * their state. The first request creates it.
 */
export class CertificateSigner {
  readonly #options: CertificateSignerOptions;
  /** The certificate of the authority that the server's port accepts. */
  #accepted: string | undefined;

  constructor(options: CertificateSignerOptions) {
    this.#options = options;
  }

  /** Makes the server's port accept the authority's certificates, now and when it comes from another server. */
  follow(): void {
    const { log, store } = this.#options;
    const accept = (): void =>
      void this.#accept(readSigningAuthority(store)).catch((error: unknown) =>
        log.error("The server's port does not accept the certificates of client agents", { error: String(error) }),
      );
    store.follow(accept);
    accept();
  }

  /** Returns the handler for the calls over a link that is for a certificate. @param from the address of the other agent */
  handler(from: string): Handler {
    return async ({ kind, head }) => {
      if (kind !== certificateCall) throw onlyCertificates(kind);
      return { head: await this.#sign(decodeCertificateRequest(head), from) };
    };
  }

  async #sign(request: CertificateRequest, from: string): Promise<CertificateAnswer> {
    const { clock, log, ofServers, store } = this.#options;
    this.#refuse(request, from);
    const publicKey = publicKeyOf(request);
    // Loaded with the first request: the libraries of certificates take memory, and most servers never sign.
    const { createAuthority, signLeaf } = await import("../lib/certificate.ts");
    const authority = await ensureSigningAuthority(store, () => this.#newAuthority(createAuthority));
    await this.#accept(authority);
    const { node, dnsNames, ipAddresses } = request;
    const content = {
      commonName: `${node}.agnt.${authority.trustDomain.slice(0, 8)}.consul`,
      serial: newSerialNumber(),
      validFromMs: clock.wallMs() - earlierMs,
      days: leafDays,
      dnsNames: [...new Set(["localhost", ...dnsNames])],
      ipAddresses: [...new Set(["127.0.0.1", "::1", ...ipAddresses])],
      uris: [this.#uriOf(request, authority)],
      purposes: ["client", "server"] as const,
    };
    const certificate = signLeaf(content, issuerOf(authority), publicKey);
    log.info("Signed the certificate of a client agent", { agent: node, from });
    return { certificate, authorities: [authority.certificate], ...ofServers() };
  }

  /** @throws OperatingError forbidden, denied or invalid saying why the agent gets no certificate */
  #refuse({ node, datacenter: asked, dnsNames, token }: CertificateRequest, from: string): void {
    const { callers, datacenter } = this.#options;
    const caller = callers.callerOf(token === "" ? undefined : token);
    if (!caller.admits(() => from) || !mayWriteNode(caller, node)) throw permissionDenied(`node:write on ${node}`);
    if (asked !== datacenter)
      throw new OperatingError(
        "denied",
        "certificate-refused",
        `the agent is of the datacenter ${asked}, and this server signs certificates for ${datacenter}`,
      );
    const ofServer = dnsNames.find((name) => this.#isOfServer(name));
    if (ofServer !== undefined)
      throw new OperatingError(
        "denied",
        "certificate-refused",
        `${ofServer} is a name of servers, which verify_server_hostname trusts: remove it from auto_encrypt.dns_san`,
      );
  }

  /** Whether a certificate for the name would be one of a server: "server.<datacenter>.<domain>", or a wildcard for it. */
  #isOfServer(name: string): boolean {
    const domain = `.${this.#options.domain}`.toLowerCase();
    const lower = name.toLowerCase();
    if (!lower.endsWith(domain)) return false;
    const labels = lower.slice(0, -domain.length);
    return labels === `*.${this.#options.datacenter}` || /^server\.[^.]+$/.test(labels);
  }

  #uriOf({ node, datacenter }: CertificateRequest, { trustDomain }: SigningAuthority): string {
    return `spiffe://${trustDomain}/agent/client/dc/${datacenter}/id/${encodeURIComponent(node)}`;
  }

  #newAuthority(createAuthority: (content: AuthorityContent) => Issued): SigningAuthority {
    const { clock, random } = this.#options;
    const id = random.uuid();
    const trustDomain = `${id}.consul`;
    const { certificate, key } = createAuthority({
      commonName: `pri-${random.uuid().slice(0, 8)}.consul.ca.${id.slice(0, 8)}.consul`,
      serial: newSerialNumber(),
      validFromMs: clock.wallMs() - earlierMs,
      days: authorityDays,
      permittedDomains: [],
      uris: [`spiffe://${trustDomain}`],
    });
    return { trustDomain, certificate, key };
  }

  async #accept(authority: SigningAuthorityRow | undefined): Promise<void> {
    const certificate = authority?.certificate;
    if (certificate === this.#accepted) return;
    this.#accepted = certificate;
    try {
      await this.#options.accept(certificate === undefined ? [] : [certificate]);
    } catch (error) {
      this.#accepted = undefined;
      throw error;
    }
  }
}

function mayWriteNode({ rights }: Caller, node: string): boolean {
  return rights.may("node", "write", node);
}

function issuerOf({ certificate, key }: SigningAuthority): Issuer {
  return { certificate: new X509Certificate(certificate).raw, key: createPrivateKey(key) };
}

/** @throws OperatingError invalid unless it is a key on the curve P-256, as agents make it */
function publicKeyOf({ publicKey }: CertificateRequest): KeyObject {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey), format: "der", type: "spki" });
    if (key.asymmetricKeyDetails?.namedCurve === "prime256v1") return key;
  } catch {
    // The error below says it.
  }
  throw new OperatingError(
    "invalid",
    "invalid-certificate-request",
    "the request for a certificate: the public key is none of the curve P-256",
  );
}

function onlyCertificates(kind: string): OperatingError {
  const message = `an agent without a certificate called ${JSON.stringify(kind)}; it may only ask for a certificate`;
  return new OperatingError("denied", "certificate-only", message);
}
