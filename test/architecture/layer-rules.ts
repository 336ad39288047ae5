import { layers, type Layer } from "./layers.ts";
import { codeLinesOf } from "./prose.ts";
import { importsOf, isTestFile, localImportsOf, type SourceFile } from "./source-file.ts";

/** Returns each import and use of I/O that the table of layers forbids, as a readable line. */
export function layerViolations(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap((file) => {
    const layer = layerOf(file.path);
    if (layer === undefined) return [`${file.path} is in no layer: add its folder to test/architecture/layers.ts`];
    return [...importViolations(file, layer), ...(layer.pure && !isTestFile(file.path) ? ioViolations(file) : [])];
  });
}

function layerOf(path: string): Layer | undefined {
  // The tests of a file directly in src/ belong to its layer.
  const place = path
    .split("/")
    .slice(0, 2)
    .join("/")
    .replace(/\.test\.ts$/, ".ts");
  return layers.find((layer) => placeOf(layer.name) === place);
}

/** Returns the path from the repository's root for a name in the table of layers. */
function placeOf(name: string): string {
  return /^(?:web|scripts)\//.test(name) ? name : `src/${name}`;
}

function importViolations(file: SourceFile, layer: Layer): readonly string[] {
  return localImportsOf(file)
    .filter((imported) => !mayImport(file, layer, imported))
    .map((imported) => `${file.path} imports ${imported}; ${layer.name} may import ${list(layer.mayImport)}`);
}

function mayImport(file: SourceFile, layer: Layer, imported: string): boolean {
  if (imported === "package.json" || layer.mayImport.includes("*")) return true;
  if (isTestFile(file.path) && imported.startsWith("test/support/")) return true;
  const allowed = [layer.name, ...layer.mayImport, ...(isTestFile(file.path) ? (layer.testsMayImport ?? []) : [])];
  return allowed.map(placeOf).some((place) => imported === place || imported.startsWith(`${place}/`));
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "nothing" : names.join(", ");
}

/** The imports of runtime modules that a pure layer may have, because they only compute. */
const pureImports: readonly RegExp[] = [
  /^import [^;]* from "node:util";$/gm,
  /^import \{ isIP(?:v[46])?(?:, isIP(?:v[46])?)* \} from "node:net";$/gm,
];

const ioUse = /\b(?:Bun\.|process\.|fetch\(|new Worker\(|new WebSocket\()/;

function ioViolations(file: SourceFile): readonly string[] {
  const text = pureImports.reduce((rest, form) => rest.replaceAll(form, ""), file.text);
  const modules = importsOf({ ...file, text })
    .filter((name) => /^(?:node:|bun\b)/.test(name))
    .map((name) => `${file.path} imports ${name}; its layer is pure`);
  const uses = codeLinesOf(file).flatMap((line, at) =>
    ioUse.test(line) ? [`${file.path}:${at + 1} does I/O; its layer is pure: ${line.trim()}`] : [],
  );
  return [...modules, ...uses];
}

/**
 * Returns the first import cycle found, as the paths along it (the first path again at the end); undefined if there is no cycle.
 */
export function importCycle(files: readonly SourceFile[]): readonly string[] | undefined {
  const imports = new Map(files.map((file) => [file.path, localImportsOf(file)]));
  const finished = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): readonly string[] | undefined => {
    if (finished.has(path)) return undefined;
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    trail.push(path);
    for (const next of imports.get(path) ?? []) {
      const cycle = visit(next);
      if (cycle !== undefined) return cycle;
    }
    trail.pop();
    finished.add(path);
    return undefined;
  };
  for (const file of files) {
    const cycle = visit(file.path);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
