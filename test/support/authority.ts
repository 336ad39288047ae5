import { createPrivateKey, X509Certificate } from "node:crypto";
import { createAuthority, createLeaf, type Issued, type LeafContent } from "../../src/lib/certificate.ts";
import { newSerialNumber } from "../../src/lib/serial-number.ts";
import type { TestCertificate } from "./certificates.ts";

/** A certificate authority for one test. */
export interface TestAuthority {
  /** The authority's certificate in PEM. */
  readonly certificate: string;
  /** Issues a certificate, by default one that is valid for ten days, for servers and clients at localhost and 127.0.0.1. */
  issue(content?: Partial<LeafContent>): TestCertificate;
}

export function newTestAuthority(): TestAuthority {
  const common = { validFromMs: Date.now() - 60_000, days: 10 };
  const commonName = "authority of a test";
  const own = createAuthority({ ...common, commonName, serial: newSerialNumber(), permittedDomains: [] });
  const issuer = { certificate: new X509Certificate(own.certificate).raw, key: createPrivateKey(own.key) };
  return {
    certificate: own.certificate,
    issue(content = {}) {
      const { certificate, key }: Issued = createLeaf(
        {
          ...{ ...common, serial: newSerialNumber(), commonName: "a" },
          ...{ dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"], purposes: ["server", "client"] },
          ...content,
        },
        issuer,
      );
      return { cert: certificate, key };
    },
  };
}
