import { cpus, release, totalmem } from "node:os";
import { readFileSync } from "node:fs";
import type { Binaries } from "./binaries.ts";

/** Returns a Markdown list of the facts on which the figures depend: date, machine, versions and command. */
export function describeRun({ praetor, consul }: Binaries, command: string): string {
  const processors = cpus();
  return [
    `- Date: ${new Date().toISOString().slice(0, 10)}`,
    `- Machine: ${processors.length} × ${processors[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${systemName()}, Linux ${release()}`,
    `- Against each other: ${versionOf(praetor)} and ${versionOf(consul)}`,
    `- Command: \`${command}\``,
  ].join("\n");
}

function versionOf(binary: string): string {
  const told = Bun.spawnSync([binary, "version"]).stdout.toString();
  // Praetor prints Consul's version first.
  return (/^Praetor v[\w.-]+/m.exec(told) ?? /^.*/.exec(told))?.[0] ?? binary;
}

function systemName(): string {
  return /^PRETTY_NAME="(.*)"$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "unknown system";
}
