import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { messageOf, OperatingError } from "../lib/errors.ts";
import { type ConfigFormat, readSource } from "./read-source.ts";
import type { Source } from "./source.ts";

export interface FilesRead {
  readonly sources: readonly Source[];
  readonly warnings: readonly string[];
}

/**
 * Reads files and folders in the order given; a folder's files by name, without its subfolders. A file is read as what
 * its name ends in, unless `format` says otherwise; others are left out with a warning.
 * @throws OperatingError invalid, for the first file that cannot be read or used
 */
export function readConfigPaths(paths: readonly string[], format: ConfigFormat | undefined): FilesRead {
  const sources: Source[] = [];
  const warnings: string[] = [];
  for (const file of paths.flatMap(filesAt)) {
    // What editors and programs keep for themselves.
    if (basename(file).startsWith(".")) continue;
    const fileFormat = format ?? formatOf(file);
    if (fileFormat === undefined)
      warnings.push(`skipping file ${file}, extension must be .hcl or .json, or config format must be set`);
    else
      sources.push(
        readSource(
          attempt("read", file, () => readFileSync(file, "utf8")),
          fileFormat,
          { file },
        ),
      );
  }
  return { sources, warnings };
}

function filesAt(path: string): readonly string[] {
  if (!attempt("open", path, () => statSync(path)).isDirectory()) return [path];
  const names = attempt("list", path, () => readdirSync(path)).toSorted();
  const files = names.map((name) => join(path, name));
  return files.filter((file) => !attempt("open", file, () => statSync(file)).isDirectory());
}

function formatOf(file: string): ConfigFormat | undefined {
  if (file.endsWith(".json")) return "json";
  return file.endsWith(".hcl") ? "hcl" : undefined;
}

function attempt<T>(verb: string, path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    const message = `config: cannot ${verb} ${path}: ${messageOf(error)}; check the path and its permissions`;
    throw new OperatingError("invalid", "unreadable-config-file", message, { cause: error });
  }
}
