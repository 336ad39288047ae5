import { messageOf } from "../lib/errors.ts";
import type { ClusterKey, OwnCertificate } from "./greeting.ts";

/**
 * The certificates of connections between agents. Plain data, which a thread can get in a message.
 *
 * They and the cluster key are independent: with both, a connection needs both; with certificates that the server verifies
 * alone, they say who belongs to the cluster.
 */
export interface LinkTls {
  /** The configured certificate of this agent, which it shows to the other one. */
  readonly own: OwnCertificate | undefined;
  /** The CA certificates that verify the other agent. */
  readonly authorities: readonly string[];
  /** Whether agents that connect must show a certificate of a CA. */
  readonly verifiesIncoming: boolean;
  /** Whether servers that this agent connects to must show a certificate of a CA. */
  readonly verifiesOutgoing: boolean;
  /** The name that the certificate of such a server must have, "server.<datacenter>.<domain>"; undefined for any name. */
  readonly serverName: string | undefined;
  /** Bun's options for the versions and cipher suites, not all of which are in Bun's types. */
  readonly protocol: object;
}

/** How a server secures the connections that it accepts. Plain data, too. */
export interface PortSecurity {
  readonly key: ClusterKey | undefined;
  /** Shown unless there is a configured certificate. */
  readonly certificate: OwnCertificate;
  readonly tls?: LinkTls | undefined;
  /** How the server signs certificates of client agents; undefined if it does not. */
  readonly signing?: Signing | undefined;
}

export interface Signing {
  /** The certificates of the authority that signs. Agents that connect may show one of its certificates, too. */
  readonly authorities: readonly string[];
  /** Whether an agent needs a token for a certificate. */
  readonly isGuarded: boolean;
}

/** Returns Bun's options for a connection to a server. The caller refuses it if `serverFault` finds a fault. */
export function dialOptions(tls: LinkTls | undefined): Bun.TLSOptions {
  // Bun would close the connection for a wrong name, too, which only verify_server_hostname is to do.
  if (!tls) return { rejectUnauthorized: false };
  const { own, serverName, verifiesOutgoing, protocol } = tls;
  return {
    ...protocol,
    ...(own && { cert: own.certificate, key: own.key }),
    ...(verifiesOutgoing && { ca: [...tls.authorities] }),
    ...(serverName !== undefined && { serverName }),
    rejectUnauthorized: false,
  };
}

/** Returns Bun's options for a server's port. */
export function portOptions({ certificate, tls, signing }: PortSecurity): Bun.TLSOptions {
  const shown = tls?.own ?? certificate;
  const pair = { cert: shown.certificate, key: shown.key };
  if (!tls) return pair;
  const ca = [...tls.authorities, ...(signing?.authorities ?? [])];
  // An agent that asks for a certificate has none yet, so the greetings refuse those without one.
  const verification = { ca, requestCert: true, rejectUnauthorized: signing === undefined };
  return { ...tls.protocol, ...pair, ...(tls.verifiesIncoming && verification) };
}

/**
 * Returns why the certificate of a server is refused; undefined if it is not.
 * @param error the runtime's error of the handshake: that of the chain of certificates, else that of the name
 */
export function serverFault(tls: LinkTls | undefined, error: Error | undefined): string | undefined {
  if (!tls?.verifiesOutgoing || !error) return undefined;
  const isNameOnly = codeOf(error) === "ERR_TLS_CERT_ALTNAME_INVALID";
  if (!isNameOnly) return `the configured CA does not verify the server's certificate: ${messageOf(error)}`;
  if (tls.serverName === undefined) return undefined;
  return `the server's certificate is not one of a server of this datacenter, for ${tls.serverName}: ${messageOf(error)}`;
}

/** Returns why the certificate of an agent that has connected is refused; undefined if it is not. */
export function clientFault(tls: LinkTls | undefined, error: Error | undefined): string | undefined {
  if (!tls?.verifiesIncoming || !error) return undefined;
  // The second one is the error where the handshake goes on without a certificate.
  const isAbsent =
    error.message.includes("PEER_DID_NOT_RETURN_A_CERTIFICATE") || codeOf(error) === "UNABLE_TO_GET_ISSUER_CERT";
  if (isAbsent) return "the agent shows no certificate";
  return `the configured CA does not verify the agent's certificate: ${messageOf(error)}`;
}

/** Returns whether an agent that connects must prove that it belongs to the cluster, by the key or by its certificate. */
export function isAuthenticating(security: PortSecurity | undefined): boolean {
  return security?.key !== undefined || security?.tls?.verifiesIncoming === true;
}

function codeOf(error: Error): unknown {
  return "code" in error ? error.code : undefined;
}
