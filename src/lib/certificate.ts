import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  NameConstraints,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from "@peculiar/asn1-x509";
import { assert } from "./assert.ts";

/** The content that an authority's own certificate and the certificates it issues have in common, as in Consul. */
export interface CertificateContent {
  readonly commonName: string;
  /** The serial number. It is positive: its first bit is not set. */
  readonly serial: Uint8Array<ArrayBuffer>;
  readonly validFromMs: number;
  readonly days: number;
  /** Names in the form of URIs, such as that of a SPIFFE identity. */
  readonly uris?: readonly string[];
}

export interface LeafContent extends CertificateContent {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly purposes: readonly Purpose[];
}

export interface AuthorityContent extends CertificateContent {
  /** DNS domains for which this authority may issue certificates; empty for all. */
  readonly permittedDomains: readonly string[];
}

export type Purpose = "server" | "client";

/** A certificate and its key in PEM. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
}

/** The authority that signs a certificate. */
export interface Issuer {
  /** The authority's certificate in DER. */
  readonly certificate: Uint8Array;
  readonly key: KeyObject;
}

/** Creates a self-signed certificate authority with a new key. */
export function createAuthority(content: AuthorityContent): Issued {
  const keys = newKeys();
  const name = nameOf(content.commonName);
  const usage = KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign;
  const permitted = content.permittedDomains.map(
    (dNSName) => new GeneralSubtree({ base: new GeneralName({ dNSName }) }),
  );
  const extensions = [
    extension(id_ce_keyUsage, new KeyUsage(usage), true),
    extension(id_ce_basicConstraints, new BasicConstraints({ cA: true }), true),
    ...alternativeNames(uriNames(content)),
    ...keyIdentifiers({ own: identifierOf(keys.publicKey), issuers: identifierOf(keys.publicKey) }),
    ...(permitted.length === 0
      ? []
      : [
          extension(
            id_ce_nameConstraints,
            new NameConstraints({ permittedSubtrees: new GeneralSubtrees(permitted) }),
            true,
          ),
        ]),
  ];
  const parts = { publicKey: keys.publicKey, subject: name, issuer: name, signer: keys.privateKey, extensions };
  return { certificate: issue(content, parts), key: pemOf(keys.privateKey) };
}

/** Creates a certificate that an authority signs, with a new key. */
export function createLeaf(content: LeafContent, issuer: Issuer): Issued {
  const { publicKey, privateKey } = newKeys();
  return { certificate: signLeaf(content, issuer, publicKey), key: pemOf(privateKey) };
}

/** Creates a certificate for the key of another agent, in PEM, which an authority signs. */
export function signLeaf(content: LeafContent, issuer: Issuer, publicKey: KeyObject): string {
  const authority = AsnConvert.parse(issuer.certificate, Certificate).tbsCertificate;
  const usage = KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment;
  const names = [
    ...content.dnsNames.map((dNSName) => new GeneralName({ dNSName })),
    ...content.ipAddresses.map((iPAddress) => new GeneralName({ iPAddress })),
    ...uriNames(content),
  ];
  const purposes = content.purposes.map((purpose) => purposeIds[purpose]);
  const extensions = [
    extension(id_ce_keyUsage, new KeyUsage(usage), true),
    ...(purposes.length === 0 ? [] : [extension(id_ce_extKeyUsage, new ExtendedKeyUsage(purposes), false)]),
    extension(id_ce_basicConstraints, new BasicConstraints(), true),
    ...keyIdentifiers({ own: identifierOf(publicKey), issuers: authorityIdentifier(authority) }),
    ...alternativeNames(names),
  ];
  return issue(content, {
    publicKey,
    subject: nameOf(content.commonName),
    issuer: authority.subject,
    signer: issuer.key,
    extensions,
  });
}

/** Returns the domains for which an authority may issue certificates, from its certificate in DER; empty for all domains. */
export function permittedDomainsOf(certificate: Uint8Array): readonly string[] {
  const { extensions = [] } = AsnConvert.parse(certificate, Certificate).tbsCertificate;
  const found = extensions.find(({ extnID }) => extnID === id_ce_nameConstraints);
  if (found === undefined) return [];
  const { permittedSubtrees = [] } = AsnConvert.parse(found.extnValue.buffer, NameConstraints);
  return permittedSubtrees.flatMap(({ base }) => base.dNSName ?? []);
}

const purposeIds: Readonly<Record<Purpose, string>> = { server: "1.3.6.1.5.5.7.3.1", client: "1.3.6.1.5.5.7.3.2" };

/**
 * Signature algorithms by the type of the signer's key: ecdsa-with-SHA256, and sha256WithRSAEncryption with NULL as parameters
 * (RFC 4055).
 */
const signatureAlgorithms: Readonly<Record<string, AlgorithmIdentifier>> = {
  ec: new AlgorithmIdentifier({ algorithm: "1.2.840.10045.4.3.2" }),
  rsa: new AlgorithmIdentifier({ algorithm: "1.2.840.113549.1.1.11", parameters: null }),
};

export function canSign(key: KeyObject): boolean {
  return algorithmOf(key) !== undefined;
}

function algorithmOf(key: KeyObject): AlgorithmIdentifier | undefined {
  return signatureAlgorithms[key.asymmetricKeyType ?? ""];
}

export interface Keys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** Creates a new key on the curve P-256. */
export function newKeys(): Keys {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

interface IssueParts {
  readonly publicKey: KeyObject;
  readonly subject: Name;
  readonly issuer: Name;
  readonly signer: KeyObject;
  readonly extensions: readonly Extension[];
}

const dayMs = 86_400_000;

/** Returns the certificate in PEM. */
function issue(content: CertificateContent, { publicKey, subject, issuer, signer, extensions }: IssueParts): string {
  const { serial, validFromMs, days } = content;
  const algorithm = algorithmOf(signer);
  assert(algorithm !== undefined, "only a key that can sign is an issuer's");
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: serial.buffer,
    signature: algorithm,
    issuer,
    validity: new Validity({ notBefore: new Date(validFromMs), notAfter: new Date(validFromMs + days * dayMs) }),
    subject,
    subjectPublicKeyInfo: AsnConvert.parse(spkiOf(publicKey), SubjectPublicKeyInfo),
    extensions: new Extensions([...extensions]),
  });
  const signed = Buffer.from(AsnConvert.serialize(tbsCertificate));
  const signatureValue = bufferOf(sign("sha256", signed, signer));
  const certificate = new Certificate({ tbsCertificate, signatureAlgorithm: algorithm, signatureValue });
  return pem("CERTIFICATE", Buffer.from(AsnConvert.serialize(certificate)));
}

/** Returns a private key in PEM. */
export function pemOf(privateKey: KeyObject): string {
  return privateKey.export({ type: "sec1", format: "pem" });
}

function uriNames({ uris = [] }: CertificateContent): readonly GeneralName[] {
  return uris.map((uniformResourceIdentifier) => new GeneralName({ uniformResourceIdentifier }));
}

function alternativeNames(names: readonly GeneralName[]): readonly Extension[] {
  if (names.length === 0) return [];
  return [extension(id_ce_subjectAltName, new SubjectAlternativeName([...names]), false)];
}

function extension(extnID: string, value: object, critical: boolean): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

function keyIdentifiers({
  own,
  issuers,
}: {
  readonly own: ArrayBuffer;
  readonly issuers: ArrayBuffer | undefined;
}): readonly Extension[] {
  const authority = issuers && new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(issuers) });
  return [
    extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(own), false),
    ...(authority === undefined ? [] : [extension(id_ce_authorityKeyIdentifier, authority, false)]),
  ];
}

/** Returns the identifier of a new key. Consul: the SHA-256 of the public key. */
function identifierOf(publicKey: KeyObject): ArrayBuffer {
  return bufferOf(createHash("sha256").update(spkiOf(publicKey)).digest());
}

/**
 * Returns the key identifier that an authority's certificate contains. Reads it instead of computing it, since another program
 * may have computed it in another way.
 */
function authorityIdentifier({ extensions = new Extensions() }: TBSCertificate): ArrayBuffer | undefined {
  const found = extensions.find(({ extnID }) => extnID === id_ce_subjectKeyIdentifier);
  return found && AsnConvert.parse(found.extnValue.buffer, SubjectKeyIdentifier).buffer;
}

function spkiOf(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: "spki", format: "der" });
}

const commonNameId = "2.5.4.3";

/** Encodes "CN=..." as a PrintableString, or as a UTF8String if the name has characters that a PrintableString cannot have. */
function nameOf(commonName: string): Name {
  const isPrintable = /^[A-Za-z0-9 '()+,./:=?-]*$/.test(commonName);
  const value = new AttributeValue(isPrintable ? { printableString: commonName } : { utf8String: commonName });
  return new Name([new RelativeDistinguishedName([new AttributeTypeAndValue({ type: commonNameId, value })])]);
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
