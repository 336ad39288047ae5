/** Writes NOTICE: whose work dist/praetor contains, and under which licences. With --check it only compares. */
import { readFileSync, writeFileSync } from "node:fs";
import { bunParts } from "./notice/bun-parts.ts";
import { productionDependencies, type Dependency } from "./notice/dependencies.ts";

const notice = render(productionDependencies());
if (process.argv.includes("--check")) {
  if (readFileSync("NOTICE", "utf8") !== notice) {
    console.error("NOTICE is not what `make notice` writes from package-lock.json");
    process.exit(1);
  }
  console.log("NOTICE is up to date");
} else {
  writeFileSync("NOTICE", notice);
}

function render(dependencies: readonly Dependency[]): string {
  return `Praetor
Copyright the Praetor authors

Licensed under the Apache License, Version 2.0; see LICENSE.

Made by \`make notice\`; do not edit.


The executable dist/praetor
===========================

It is made by Bun ${bunVersion()} (https://bun.com), whose runtime it contains. Bun statically links parts under the GNU Lesser
General Public License. Whoever receives the executable may replace those parts: Praetor's source and \`make build\` make
it anew with any build of Bun, and https://github.com/oven-sh/bun tells how to build Bun with a changed JavaScriptCore.

${bunParts.map(([name, licence]) => `- ${name}: ${licence}`).join("\n")}


Packages from npm
=================

${dependencies.map(({ name, version, licence }) => `- ${name} ${version}: ${licence}`).join("\n")}


Their licences
==============
${[...byText(dependencies)].map(([text, names]) => `\n${names.join(", ")}\n${"-".repeat(80)}\n${text}\n`).join("\n")}`;
}

/** Packages that share a licence text, word for word, are listed above one copy of it. */
function byText(dependencies: readonly Dependency[]): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const { licenceText, name } of dependencies) {
    const sharing = names.get(licenceText);
    if (sharing === undefined) names.set(licenceText, [name]);
    else sharing.push(name);
  }
  return names;
}

function bunVersion(): string {
  const { version } = JSON.parse(readFileSync("node_modules/bun/package.json", "utf8")) as { version: string };
  return version;
}
