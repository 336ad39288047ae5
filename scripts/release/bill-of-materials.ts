import { createHash } from "node:crypto";
import { bunParts } from "../notice/bun-parts.ts";
import { type Dependency, productionDependencies } from "../notice/dependencies.ts";
import { lockedVersion } from "./locked-package.ts";
import type { Source } from "./source.ts";
import { targets } from "./targets.ts";

/** A component of CycloneDX, as far as this file writes it. */
interface Component {
  readonly type: "application" | "library" | "framework";
  readonly "bom-ref": string;
  readonly name: string;
  readonly version?: string;
  readonly purl?: string;
  readonly licenses: readonly object[];
  readonly hashes?: readonly object[];
  readonly components?: readonly Component[];
}

/**
 * Returns the bill of materials of the executables as a document of CycloneDX 1.6: the npm packages that package-lock.json allows
 * in them, Bun's runtimes, and the parts that Bun links. The same commit gives the same document.
 */
export function billOfMaterials({ version, epoch }: Source): object {
  const packages = productionDependencies().map(packageComponent);
  const runtimes = targets.map(({ runtimePackage }) => runtimeComponent(runtimePackage));
  const main = {
    ...{ type: "application", "bom-ref": `pkg:generic/praetor@${version}`, name: "praetor", version },
    ...{ purl: `pkg:generic/praetor@${version}`, licenses: [{ license: { id: "Apache-2.0" } }] },
  };
  const components = [...runtimes, ...packages];
  const dependsOn = components.map((each) => each["bom-ref"]);
  const content = {
    metadata: { timestamp: new Date(epoch * 1_000).toISOString(), component: main },
    components,
    dependencies: [{ ref: main["bom-ref"], dependsOn }],
  };
  const head = { bomFormat: "CycloneDX", specVersion: "1.6", serialNumber: `urn:uuid:${uuidOf(content)}`, version: 1 };
  return { $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json", ...head, ...content };
}

function packageComponent({ name, version, licence, integrity }: Dependency): Component {
  const purl = purlOf(name, version);
  return {
    ...{ type: "library", "bom-ref": purl, name, version, purl },
    ...{ licenses: [licenceChoice(licence)], hashes: [hashOf(integrity)] },
  };
}

function runtimeComponent(name: string): Component {
  const { version, integrity } = lockedVersion(name);
  const purl = purlOf(name, version);
  const parts = bunParts.map(([part, licence]): Component => {
    const ref = `${purl}#${encodeURIComponent(part)}`;
    return { type: "library", "bom-ref": ref, name: part, licenses: [{ license: { name: licence } }] };
  });
  return {
    ...{ type: "framework", "bom-ref": purl, name, version, purl, licenses: [{ license: { id: "MIT" } }] },
    ...{ hashes: [hashOf(integrity)], components: parts },
  };
}

function licenceChoice(licence: string): object {
  return licence.includes(" ") ? { expression: licence.replace(/^\((.*)\)$/, "$1") } : { license: { id: licence } };
}

function purlOf(name: string, version: string): string {
  return `pkg:npm/${name.replace(/^@/, "%40")}@${version}`;
}

/** Converts a hash of package-lock.json, "sha512-" and base64. */
function hashOf(integrity: string): object {
  return { alg: "SHA-512", content: Buffer.from(integrity.replace(/^sha512-/, ""), "base64").toString("hex") };
}

/** Returns a UUID of version 8 (RFC 9562), made of the content's hash. */
function uuidOf(content: object): string {
  const hex = createHash("sha256").update(JSON.stringify(content)).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}
