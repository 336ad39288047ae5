import { type Field, unused, used } from "../field.ts";

/** Fields about TLS. */
export const tlsFields: readonly Field[] = [
  used(
    "ca_file",
    "string",
    "",
    "CA certificates (PEM) that verify clients of HTTPS, other agents, and the servers of checks.",
  ),
  used("ca_path", "string", "", "Folder of CA certificates, in files of any name; ignored if ca_file is set."),
  used("cert_file", "string", "", "Certificate (PEM) for HTTPS and other agents; without it and its key HTTPS fails."),
  used("key_file", "string", "", "Private key (PEM) of cert_file."),
  used("verify_incoming", "bool", "false", "verify_incoming_rpc and verify_incoming_https."),
  used(
    "verify_incoming_rpc",
    "bool",
    "false",
    "Require a certificate from agents that connect to this server; then encrypt is not needed.",
  ),
  used("verify_incoming_https", "bool", "false", "Require a certificate from clients of HTTPS."),
  used("verify_outgoing", "bool", "false", "Connect by TLS to servers, and verify their certificates by the CA."),
  used(
    "verify_server_hostname",
    "bool",
    "false",
    "verify_outgoing, and a server's certificate must be for server.<datacenter>.<domain>.",
  ),
  used("tls_min_version", "string", "tls12", "Oldest version of TLS: tls10, tls11, tls12 or tls13."),
  used(
    "tls_cipher_suites",
    "string",
    "",
    "Cipher suites below TLS 1.3, by Go's names, separated by commas; empty for the defaults.",
  ),
  used(
    "tls_prefer_server_cipher_suites",
    "bool",
    "false",
    "Choose the cipher suite by the server's order, not by the client's.",
  ),
  used(
    "enable_agent_tls_for_checks",
    "bool",
    "false",
    "Checks by HTTPS and gRPC use ca_file or ca_path, cert_file, key_file and tls_*; else the system's certificates.",
  ),
  used(
    "server_name",
    "string",
    "node_name",
    "The name that a server's certificate must have, with enable_agent_tls_for_checks.",
  ),
  used(
    "auto_encrypt.allow_tls",
    "bool",
    "false",
    "Sign the certificates of client agents that ask for one; servers only.",
  ),
  used(
    "auto_encrypt.tls",
    "bool",
    "false",
    "Ask the servers for a certificate, for other agents and HTTPS; cert_file takes precedence; client agents only.",
  ),
  used("auto_encrypt.dns_san", "strings", "", "Names in that certificate, beside localhost."),
  used("auto_encrypt.ip_san", "strings", "", "IP addresses in that certificate, beside 127.0.0.1 and ::1."),
  used("auto_config.enabled", "bool", "false", "Not supported: an agent with it ends at its start. Use auto_encrypt."),
  ...unused("no agent asks a server for its configuration; auto_encrypt gives it a certificate", {
    "auto_config.intro_token": "string",
    "auto_config.intro_token_file": "string",
    "auto_config.server_addresses": "strings",
    "auto_config.dns_sans": "strings",
    "auto_config.ip_sans": "strings",
    "auto_config.authorization": "object",
  }),
];
