/** The agent's own TLS, which checks use with enable_agent_tls_for_checks. */
export interface CheckTls {
  /** The name that is sent to each server (SNI) and that its certificate must have: server_name, else the node's name. */
  readonly serverName: string;
  /** The CA certificates that verify the server; empty for those of the system. */
  readonly authorities: readonly string[];
  /** The certificate that the check presents. */
  readonly own: { readonly cert: string; readonly key: string } | undefined;
  /** The oldest accepted version of TLS, by its number in the protocol. */
  readonly minVersion: number | undefined;
  /** OpenSSL's names of the cipher suites below TLS 1.3, separated by colons; undefined for the default suites. */
  readonly ciphers: string | undefined;
}

/** Returns the options that Bun.connect and node:tls share. */
export function sharedTlsOptions({ authorities, own, ciphers }: CheckTls): {
  readonly ca?: string[];
  readonly cert?: string;
  readonly key?: string;
  readonly ciphers?: string;
} {
  return {
    ...(authorities.length > 0 && { ca: [...authorities] }),
    ...own,
    ...(ciphers !== undefined && { ciphers }),
  };
}
