import { formatIp, parseIp } from "../../lib/ip-address.ts";
import { systemClock } from "../../lib/clock.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import type { Flags } from "../flags.ts";
import { localCommand, type LocalCall } from "../local-command.ts";
import type { LeafContent } from "../../lib/certificate.ts";

const daysDefault = 365;

/** Kinds of certificates, with the key usages and the IP addresses that each contains. */
const kinds = {
  server: { purposes: ["server", "client"], addresses: ["127.0.0.1"] },
  client: { purposes: ["client", "server"], addresses: ["127.0.0.1"] },
  cli: { purposes: [], addresses: [] },
} as const;

type Kind = keyof typeof kinds;

const serverWarning = `==> WARNING: Server Certificates grants authority to become a
    server and access all state in the cluster including root keys
    and all ACL tokens. Do not distribute them to production hosts
    that are not server nodes. Store them as securely as CA keys.
`;

export const tlsCertCreateCommand: Command = localCommand({
  name: "tls cert create",
  summary: "Create a new certificate",
  synopsis: "[options]",
  about:
    "Creates a certificate and its key, signed by an authority that `tls ca create` made: " +
    "DATACENTER-KIND-DOMAIN-NUMBER.pem and -NUMBER-key.pem. An agent serves HTTPS with -server's as cert_file and " +
    "key_file, and ports.https; clients verify it with the authority's file as -ca-file.",
  examples: [
    {
      what: "For the agent of a gateway, with its host name",
      command: "tls cert create -server -additional-dnsname=gw7.example.com",
    },
    { what: "For a client of an agent with verify_incoming", command: "tls cert create -cli" },
  ],
  flags: [
    {
      name: "additional-dnsname",
      kind: "text",
      value: "name",
      help: "A further DNS name, besides localhost. Repeatable.",
    },
    {
      name: "additional-ipaddress",
      kind: "text",
      value: "address",
      help: "A further IP address, besides 127.0.0.1 (not with -cli). Repeatable.",
    },
    { name: "ca", kind: "text", value: "path", help: "Certificate of the authority; default: #DOMAIN#-agent-ca.pem." },
    { name: "cli", kind: "bool", value: "", help: "For a command line." },
    { name: "client", kind: "bool", value: "", help: "For a client agent." },
    { name: "days", kind: "int", value: "number", help: "How many days it is valid; default: 365." },
    { name: "dc", kind: "text", value: "name", help: "Datacenter; default: dc1." },
    { name: "domain", kind: "text", value: "name", help: "Domain of the agents; default: consul." },
    { name: "key", kind: "text", value: "path", help: "Key of the authority; default: #DOMAIN#-agent-ca-key.pem." },
    {
      name: "node",
      kind: "text",
      value: "name",
      help: "With -server: also for this node's name, <node>.server.<datacenter>.<domain>.",
    },
    { name: "server", kind: "bool", value: "", help: "For a server." },
  ],
  run: createCertificate,
});

async function createCertificate({ flags, io }: LocalCall): Promise<void> {
  const { createLeaf } = await import("../../lib/certificate.ts");
  const { Authority } = await import("../tls/authority.ts");
  const { numberedPaths, writePemFiles } = await import("../tls/pem-files.ts");
  const { newSerialNumber } = await import("../../lib/serial-number.ts");
  const kind = kindOf(flags);
  const { dc, domain } = placeOf(flags);
  const content: LeafContent = {
    ...subjectOf(kind, flags),
    serial: newSerialNumber(),
    validFromMs: systemClock.wallMs(),
    days: flags.int("days", daysDefault),
  };
  const pathOf = (flag: string, fallback: string): string =>
    (flags.text(flag) ?? fallback).replace("#DOMAIN#", () => domain);
  const authorityPaths = {
    certificate: pathOf("ca", "#DOMAIN#-agent-ca.pem"),
    key: pathOf("key", "#DOMAIN#-agent-ca-key.pem"),
  };
  const authority = new Authority(authorityPaths);
  if (kind === "server") io.stdout(serverWarning);
  io.stdout(`==> Using ${authorityPaths.certificate} and ${authorityPaths.key}\n`);
  authority.requireUsable(content.dnsNames, content.validFromMs);
  const paths = numberedPaths(`${dc}-${kind}-${domain}`);
  writePemFiles(paths, createLeaf(content, authority.issuer));
  io.stdout(`==> Saved ${paths.certificate}\n==> Saved ${paths.key}\n`);
}

/**
 * Returns the kind of certificate that the flags select.
 * @throws CommandFailure unless exactly one kind is given; also for -node without -server
 */
function kindOf(flags: Flags): Kind {
  const asked = (["server", "client", "cli"] as const).filter((kind) => flags.bool(kind));
  const [kind] = asked;
  if (kind === undefined || asked.length > 1)
    throw new CommandFailure("Please provide either -server, -client, or -cli");
  if (kind !== "server" && flags.has("node")) throw new CommandFailure("-node requires -server");
  return kind;
}

function placeOf(flags: Flags): { readonly dc: string; readonly domain: string } {
  return { dc: flags.text("dc") ?? "dc1", domain: flags.text("domain") ?? "consul" };
}

function subjectOf(
  kind: Kind,
  flags: Flags,
): Pick<LeafContent, "commonName" | "dnsNames" | "ipAddresses" | "purposes"> {
  const { dc, domain } = placeOf(flags);
  const node = flags.text("node") ?? "";
  const commonName = `${kind}.${dc}.${domain}`;
  const given = (flag: string): readonly string[] =>
    flags
      .all(flag)
      .map((value) => value.trim())
      .filter((value) => value !== "");
  const { purposes, addresses } = kinds[kind];
  return {
    commonName,
    dnsNames: [
      ...given("additional-dnsname"),
      ...(node === "" ? [] : [`${node}.server.${dc}.${domain}`]),
      commonName,
      "localhost",
    ],
    ipAddresses: [...given("additional-ipaddress").map(requireAddress), ...addresses],
    purposes,
  };
}

function requireAddress(text: string): string {
  const address = parseIp(text);
  if (address === undefined) throw new CommandFailure(`-additional-ipaddress: ${text} is not an IP address`);
  return formatIp(address);
}
