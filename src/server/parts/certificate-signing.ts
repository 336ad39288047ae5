import { CertificateSigner } from "../../cluster/certificate-signer.ts";
import type { RuntimeConfig } from "../../config/runtime-config.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import type { ListenOptions } from "../../link/listen.ts";
import type { Callers } from "../../registry/caller.ts";
import type { Registry } from "../../registry/registry.ts";
import type { AgentTls, Automatic } from "./agent-tls.ts";

interface SigningParts {
  readonly store: Registry;
  readonly callers: Callers;
  readonly tls: AgentTls;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Returns the answers of a server to the agents that ask for a certificate; undefined without auto_encrypt.allow_tls. */
export function openSigning(config: RuntimeConfig, { tls, ...parts }: SigningParts): ListenOptions["signer"] {
  if (!config.autoEncrypt.signs) return undefined;
  const ofServers = (): Pick<Automatic, "serverAuthorities" | "verifiesServerName"> => {
    const links = tls.forLinks;
    // A server without a certificate of those authorities cannot be verified by them.
    const serverAuthorities = links?.own ? links.authorities : [];
    return { serverAuthorities, verifiesServerName: links?.serverName !== undefined };
  };
  const signer = new CertificateSigner({
    ...parts,
    ...{ datacenter: config.datacenter, domain: config.dnsDomain.replace(/\.$/, ""), ofServers },
    accept: (authorities) => tls.useAutomatic({ authorities, serverAuthorities: [], verifiesServerName: false }),
    log: parts.log.named("auto_encrypt"),
  });
  signer.follow();
  return (from) => signer.handler(from);
}
