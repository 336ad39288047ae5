import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { OperatingError } from "../lib/errors.ts";
import { fileFailure } from "../lib/file-failure.ts";
import { type ConfigFormat, readSource } from "./read-source.ts";
import type { Source } from "./source.ts";

export interface FilesRead {
  /** The paths of the files, in the order in which they were read. */
  readonly files: readonly string[];
  readonly sources: readonly Source[];
  readonly warnings: readonly string[];
}

/**
 * Name of the file in which `praetor edgex` lists the definitions that it wrote into a configuration folder. The agent does not
 * read it as configuration.
 */
export const manifestName = ".praetor-edgex";

/**
 * Reads files and folders in the order given, a folder's files sorted by name, without its subfolders. `format` decides how to
 * read all files; without it, the extension of each file decides, and files with another extension than .json and .hcl are
 * skipped with a warning. Consul: files whose names begin with a dot are read, too.
 * @throws OperatingError invalid, for the first file that cannot be read or used
 */
export function readConfigPaths(paths: readonly string[], format: ConfigFormat | undefined): FilesRead {
  const files: string[] = [];
  const sources: Source[] = [];
  const warnings: string[] = [];
  for (const file of paths.flatMap(filesAt)) {
    const fileFormat = format ?? formatOf(file);
    if (fileFormat === undefined)
      warnings.push(`skipping file ${file}, extension must be .hcl or .json, or config format must be set`);
    else {
      const text = attempt("ReadFile", file, () => readFileSync(file, "utf8"));
      sources.push(readSource(text, fileFormat, { file }));
      files.push(file);
    }
  }
  return { files, sources, warnings };
}

function filesAt(path: string): readonly string[] {
  if (!attempt("Open", path, () => statSync(path)).isDirectory()) return [path];
  const names = attempt("Readdir", path, () => readdirSync(path)).toSorted();
  const files = names.filter((name) => name !== manifestName).map((name) => join(path, name));
  return files.filter((file) => !attempt("Open", file, () => statSync(file)).isDirectory());
}

function formatOf(file: string): ConfigFormat | undefined {
  if (file.endsWith(".json")) return "json";
  return file.endsWith(".hcl") ? "hcl" : undefined;
}

/**
 * Runs one step of reading a path and returns its result. Throws an error with Consul's text if the step fails, since scripts
 * search the output of `validate` for that text.
 */
function attempt<T>(step: "Open" | "Readdir" | "ReadFile", path: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    const message = `config: ${step} failed on ${path}. ${fileFailure(cause)}`;
    throw new OperatingError("invalid", "unreadable-config-file", message, { cause });
  }
}
