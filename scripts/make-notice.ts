/**
 * Writes NOTICE: the third-party work in dist/praetor and its licences. With --check, fails if NOTICE has another content, and
 * writes nothing.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { bunParts } from "./notice/bun-parts.ts";
import { productionDependencies, type Dependency } from "./notice/dependencies.ts";
import { renderPackages } from "./notice/render-packages.ts";

const notice = render(productionDependencies());
if (process.argv.includes("--check")) {
  if (readFileSync("NOTICE", "utf8") !== notice) {
    console.error("NOTICE differs from what `make notice` writes from package-lock.json");
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


${renderPackages(dependencies)}`;
}

function bunVersion(): string {
  const { version } = JSON.parse(readFileSync("node_modules/bun/package.json", "utf8")) as { version: string };
  return version;
}
