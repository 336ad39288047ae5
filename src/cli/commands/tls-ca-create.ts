import { systemClock } from "../../lib/clock.ts";
import type { Command } from "../command.ts";
import { localCommand, type LocalCall } from "../local-command.ts";

/** Default lifetime of an authority in days. Consul: five years. */
const daysDefault = 1825;

export const tlsCaCreateCommand: Command = localCommand({
  name: "tls ca create",
  summary: "Create a new consul CA",
  synopsis: "[options]",
  about:
    "Creates a certificate authority: DOMAIN-agent-ca.pem, with which clients and agents verify certificates, and " +
    "DOMAIN-agent-ca-key.pem, which signs them. Keep the key off gateways: it can sign certificates that all of them trust.",
  examples: [
    { what: "An authority for five years", command: "tls ca create" },
    {
      what: "An authority for names of one domain only",
      command: "tls ca create -domain=plant -name-constraint -additional-name-constraint=gw7.example.com",
    },
  ],
  flags: [
    {
      name: "additional-name-constraint",
      kind: "text",
      value: "domain",
      help: "A further domain, with -name-constraint. Repeatable.",
    },
    { name: "days", kind: "int", value: "number", help: "How many days the authority is valid; default: 1825." },
    { name: "domain", kind: "text", value: "name", help: "Domain of the agents; default: consul." },
    {
      name: "name-constraint",
      kind: "bool",
      value: "",
      help:
        "Certificates may be for names in -domain and localhost only, and those of -additional-name-constraint. It " +
        "cannot be changed later.",
    },
  ],
  run: createCa,
});

async function createCa({ flags, io }: LocalCall): Promise<void> {
  const { createAuthority } = await import("../../lib/certificate.ts");
  const { inDecimal, newSerialNumber } = await import("../../lib/serial-number.ts");
  const { writePemFiles } = await import("../tls/pem-files.ts");
  const domain = flags.text("domain") ?? "consul";
  const serial = newSerialNumber();
  const issued = createAuthority({
    commonName: `Consul Agent CA ${inDecimal(serial)}`,
    serial,
    validFromMs: systemClock.wallMs(),
    days: flags.int("days", daysDefault),
    permittedDomains: flags.bool("name-constraint")
      ? [...flags.all("additional-name-constraint"), domain, "localhost"]
      : [],
  });
  const paths = { certificate: `${domain}-agent-ca.pem`, key: `${domain}-agent-ca-key.pem` };
  writePemFiles(paths, issued);
  io.stdout(`==> Saved ${paths.certificate}\n==> Saved ${paths.key}\n`);
}
