import { isIP } from "node:net";
import { OperatingError } from "../lib/errors.ts";
import { isRecord } from "../lib/is-record.ts";

/** The kind of the call by which a client agent asks a server for a certificate (auto_encrypt). */
export const certificateCall = "certificate";

/** The head of the call. */
export interface CertificateRequest {
  readonly node: string;
  readonly datacenter: string;
  /** The public key of the certificate, in DER (SubjectPublicKeyInfo). The agent keeps the private key. */
  readonly publicKey: Uint8Array;
  /** Names and IP addresses that the certificate has beside those of the agent's own machine. */
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  /** The secret of the agent's token; "" for none. */
  readonly token: string;
}

/** The head of the answer. */
export interface CertificateAnswer {
  /** The certificate in PEM. */
  readonly certificate: string;
  /** The certificates of the authority that has signed it. */
  readonly authorities: readonly string[];
  /** The CA certificates in the server's configuration, which verify servers. */
  readonly serverAuthorities: readonly string[];
  /** Whether the server wants its agents to verify the names of servers, as it does. Consul: verify_server_hostname. */
  readonly verifiesServerName: boolean;
}

/** Maximum number of names of each kind, and length of a text. */
const namesMax = 100;
const textMax = 253;
const keyBytesMax = 1_024;

/** Decodes the head of a call. @throws OperatingError invalid naming what is wrong */
export function decodeCertificateRequest(head: unknown): CertificateRequest {
  if (!isRecord(head)) throw invalid("no object");
  const { node, datacenter, publicKey, dnsNames, ipAddresses, token } = head;
  if (!isText(node) || node === "" || !isText(datacenter) || !isText(token)) throw invalid("a text is missing");
  if (!(publicKey instanceof Uint8Array) || publicKey.length > keyBytesMax) throw invalid("the public key is missing");
  if (!areTexts(dnsNames) || !areTexts(ipAddresses)) throw invalid("a list of names is missing or too long");
  const wrong = dnsNames.find((name) => !isDnsName(name)) ?? ipAddresses.find((address) => isIP(address) === 0);
  if (wrong !== undefined) throw invalid(`${JSON.stringify(wrong)} is no name of a host, or no IP address`);
  return { node, datacenter, publicKey, dnsNames, ipAddresses, token };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= textMax && value.isWellFormed();
}

function areTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= namesMax && value.every(isText);
}

/** A name of a host, whose first label may be "*". */
function isDnsName(name: string): boolean {
  return /^(\*\.)?[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62})*$/i.test(name);
}

function invalid(reason: string): OperatingError {
  return new OperatingError("invalid", "invalid-certificate-request", `the request for a certificate: ${reason}`);
}

/** Decodes the head of an answer. @throws OperatingError invalid */
export function decodeCertificateAnswer(head: unknown): CertificateAnswer {
  if (isRecord(head)) {
    const { certificate, authorities, serverAuthorities, verifiesServerName } = head;
    if (typeof certificate === "string" && areAuthorities(authorities) && areAuthorities(serverAuthorities))
      return { certificate, authorities, serverAuthorities, verifiesServerName: verifiesServerName === true };
  }
  throw new OperatingError(
    "invalid",
    "invalid-certificate-answer",
    "the server's answer has no certificate; run the same version on all agents",
  );
}

function areAuthorities(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}
