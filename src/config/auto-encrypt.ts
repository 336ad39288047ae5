import { isIP } from "node:net";
import type { TlsFiles } from "../lib/tls-files.ts";
import { textOf } from "./access-control.ts";
import type { AutoEncryptConfig } from "./runtime-config.ts";
import type { Settings } from "./settings.ts";

/** Builds the settings of auto_encrypt. Consul: an address that is none is left out, with a warning. */
export function buildAutoEncrypt(settings: Settings): AutoEncryptConfig {
  const agent = textOf(settings, { present: "acl.tokens.agent", legacy: "acl_agent_token" });
  return {
    signs: settings.flag("auto_encrypt.allow_tls"),
    asks: settings.flag("auto_encrypt.tls"),
    dnsNames: settings.texts("auto_encrypt.dns_san"),
    ipAddresses: settings.texts("auto_encrypt.ip_san").filter((address) => isIP(address) !== 0),
    // Consul: an agent without an agent token uses its default token.
    token: agent || textOf(settings, { present: "acl.tokens.default", legacy: "acl_token" }),
  };
}

/** Returns warnings about auto_encrypt, in Consul's words. */
export function autoEncryptWarnings(
  { autoEncrypt, tls }: { readonly autoEncrypt: AutoEncryptConfig; readonly tls: TlsFiles },
  settings: Settings,
): readonly string[] {
  const wrong = settings.texts("auto_encrypt.ip_san").filter((address) => isIP(address) === 0);
  const { incoming, incomingRpc } = tls.verify;
  return [
    ...wrong.map((address) => `Cannot parse ip ${JSON.stringify(address)} from AutoEncrypt.IPSAN`),
    ...(autoEncrypt.signs && !incoming && !incomingRpc ? [allowWithoutVerify] : []),
  ];
}

const allowWithoutVerify =
  "if auto_encrypt.allow_tls is turned on, either verify_incoming or verify_incoming_rpc should be enabled. It is necessary to " +
  "turn it off during a migration to TLS, but it should definitely be turned on afterwards.";
