import { createAuthority } from "../../src/lib/certificate.ts";
import { newSerialNumber } from "../../src/lib/serial-number.ts";
import type { OwnCertificate } from "../../src/link/greeting.ts";

/** Makes a certificate as a server makes it at its start, for its port. */
export function newCertificate(): OwnCertificate {
  return createAuthority({
    commonName: "praetor",
    serial: newSerialNumber(),
    validFromMs: Date.now() - 1_000,
    days: 1,
    permittedDomains: [],
  });
}
