import { join } from "node:path";
import { repository } from "./binaries.ts";
import { Contender } from "./contender.ts";

/** The secret of the management token that an agent with access control creates at its start. */
const managementToken = "6f1d4b1e-2c5a-4b7e-9a63-0d5f4b1c7e21";

/** The key's folder of EdgeX's service `core-data`, in which its policy allows all. */
export const ownFolder = "edgex/v3/core-data";

/** Arguments that switch access control on, as EdgeX does in its secure mode. */
const guardFlags: readonly string[] = [
  "-hcl",
  `acl { enabled = true default_policy = "deny" tokens { master = "${managementToken}" } }`,
];

/** Returns the request for the policy that EdgeX 3 creates for a service. @param service the service's name */
export function edgexPolicy(service: string): { readonly Name: string; readonly Rules: string } {
  const rule = (kind: string, name: string, level: string): string => `${kind} "${name}" {\n  policy = "${level}"\n}\n`;
  const rules = [
    rule("node", "", "read"),
    rule("node_prefix", "edgex", "write"),
    rule("service", service, "write"),
    rule("service_prefix", "", "read"),
    rule("key_prefix", `edgex/v3/${service}`, "write"),
    rule("key_prefix", "edgex/v3/core-common-config-bootstrapper", "read"),
  ];
  return { Name: `acl_policy_for_${service}`, Rules: rules.join("\n") };
}

/** Returns the request for a token as Vault creates it for a service. @param number makes description and ids differ */
export function edgexToken(service: string, number: number): object {
  const digits = number.toString(16).padStart(12, "0");
  return {
    AccessorID: `5b9e3f00-0000-4000-8000-${digits}`,
    SecretID: secretOf(number),
    Description: `Vault ${service} token ${number}`,
    Policies: [{ ID: "", Name: `acl_policy_for_${service}` }],
    Local: false,
  };
}

/** Returns the secret of `edgexToken` with this number. */
export function secretOf(number: number): string {
  return `c2a7d100-0000-4000-8000-${number.toString(16).padStart(12, "0")}`;
}

/** Returns another agent of the same program, with access control, which is not started yet. */
export function guardedTwin({ name, binary }: Contender): Contender {
  const folder = join(repository, "dist/bench");
  return new Contender(`${name} with access control`, { binary, folder, flags: guardFlags, token: managementToken });
}
