import type { Dependency } from "./dependencies.ts";

/** Renders the part of NOTICE with the packages and their licences. */
export function renderPackages(dependencies: readonly Dependency[]): string {
  return `Packages from npm
=================

${dependencies.map(({ name, version, licence }) => `- ${name} ${version}: ${licence}`).join("\n")}


Their licences
==============
${[...byText(dependencies)].map(([text, names]) => `\n${names.join(", ")}\n${"-".repeat(80)}\n${text}\n`).join("\n")}`;
}

/** Returns the names of the packages by licence text, since many packages have the same text. */
function byText(dependencies: readonly Dependency[]): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const { licenceText, name } of dependencies) {
    const sharing = names.get(licenceText);
    if (sharing === undefined) names.set(licenceText, [name]);
    else sharing.push(name);
  }
  return names;
}
