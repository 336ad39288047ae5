import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { messageOf } from "../../lib/errors.ts";
import { CommandFailure } from "../command-failure.ts";
import { canSign, type Issuer, permittedDomainsOf } from "../../lib/certificate.ts";
import { type PemPaths, readPemFile } from "./pem-files.ts";

/** A certificate authority, read from its files. */
export class Authority {
  readonly #certificate: X509Certificate;
  readonly #key: KeyObject;
  readonly #path: string;

  /**
   * Reads the certificate and the key of an authority.
   * @throws CommandFailure if a file cannot be read, or the files do not belong to an authority
   */
  constructor(paths: PemPaths) {
    const certificate = readPemFile(paths.certificate, "CA");
    const key = readPemFile(paths.key, "CA key");
    this.#path = paths.certificate;
    this.#certificate = attempt(`${paths.certificate} holds no certificate`, () => new X509Certificate(certificate));
    this.#key = attempt(`${paths.key} holds no private key`, () => createPrivateKey(key));
    if (!canSign(this.#key)) throw new CommandFailure(`${paths.key} is no EC or RSA key: only those can sign here`);
    const isPair = attempt(`${paths.certificate} holds no certificate`, () =>
      this.#certificate.checkPrivateKey(this.#key),
    );
    if (!isPair) throw new CommandFailure(`${paths.key} is not the key of ${paths.certificate}`);
  }

  get issuer(): Issuer {
    return { certificate: this.#certificate.raw, key: this.#key };
  }

  /**
   * Checks that clients would accept a certificate for these names now. Consul: refuses to create any other certificate.
   * @throws CommandFailure with the reason why clients would not accept the certificate
   */
  requireUsable(dnsNames: readonly string[], nowMs: number): void {
    const { validFrom, validTo, ca } = this.#certificate;
    if (!ca) throw new CommandFailure(`x509: ${this.#path} is no certificate authority: no client would trust it`);
    if (nowMs < Date.parse(validFrom) || nowMs > Date.parse(validTo))
      throw new CommandFailure(
        `x509: certificate has expired or is not yet valid: ${this.#path} is valid from ${validFrom} to ${validTo}, ` +
          `and this machine's clock says ${new Date(nowMs).toISOString()}`,
      );
    const permitted = permittedDomainsOf(this.#certificate.raw);
    const refused = dnsNames.find((name) => permitted.length > 0 && !permitted.some((domain) => isIn(name, domain)));
    if (refused !== undefined)
      throw new CommandFailure(
        "x509: a root or intermediate certificate is not authorized to sign for this name: " +
          `DNS name "${refused}" is not permitted by any constraint`,
      );
  }
}

function isIn(name: string, domain: string): boolean {
  return `.${name}`.toLowerCase().endsWith(`.${domain}`.toLowerCase());
}

function attempt<T>(problem: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new CommandFailure(`${problem}: ${messageOf(error)}`);
  }
}
