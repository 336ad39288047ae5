import { fields } from "./fields.ts";
import type { RuntimeConfig } from "./runtime-config.ts";
import type { Settings } from "./settings.ts";

type Unwarned = Omit<RuntimeConfig, "warnings">;

/** What is accepted, and yet worth a line in the log. */
export function configWarnings(config: Unwarned, settings: Settings): readonly string[] {
  return [
    ...nodeNameWarnings(config),
    ...bootstrapWarnings(config, settings),
    ...scriptWarnings(config),
    ...unusedWarnings(settings),
  ];
}

function nodeNameWarnings({ nodeName }: Unwarned): readonly string[] {
  const warning = (why: string): readonly string[] => [
    `Node name ${JSON.stringify(nodeName)} will not be discoverable via DNS due to ${why}`,
  ];
  if (/[^A-Za-z0-9-]/.test(nodeName))
    return warning("invalid characters. Valid characters include all alpha-numerics and dashes.");
  if (nodeName.length > 63) return warning("it being too long. Valid lengths are between 1 and 63 bytes.");
  return [];
}

function bootstrapWarnings(config: Unwarned, settings: Settings): readonly string[] {
  const { server, bootstrap, bootstrapExpect: expect, devMode } = config;
  if (!server || devMode) return [];
  const warnings: string[] = [];
  if (settings.number("bootstrap_expect") === 1)
    warnings.push("BootstrapExpect is set to 1; this is the same as Bootstrap mode.");
  if (!bootstrap && expect === 2)
    warnings.push("bootstrap_expect = 2: A cluster with 2 servers will provide no failure tolerance.");
  else if (!bootstrap && expect > 2 && expect % 2 === 0)
    warnings.push(
      "bootstrap_expect is even number: A cluster with an even number of servers does not achieve optimum fault tolerance.",
    );
  if (!bootstrap && expect > 1) warnings.push(`bootstrap_expect > 0: expecting ${expect} servers`);
  return warnings;
}

function scriptWarnings(config: Unwarned): readonly string[] {
  if (!config.enableScriptChecks || config.httpAllowWriteFrom.length > 0) return [];
  return [
    "using enable-script-checks without ACLs and without allow_write_http_from is DANGEROUS: whoever reaches the HTTP " +
      "port can run programs here. Use enable-local-script-checks instead",
  ];
}

function unusedWarnings(settings: Settings): readonly string[] {
  return fields
    .filter(({ path, use }) => use === "unused" && settings.has(path))
    .map(({ path, meaning }) => `${path} has no meaning here: ${meaning}${settings.from(path)}`);
}
