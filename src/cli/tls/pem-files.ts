import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileFailure } from "../../lib/file-failure.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Issued } from "../../lib/certificate.ts";

export interface PemPaths {
  readonly certificate: string;
  readonly key: string;
}

/**
 * Returns the paths of a certificate and key from a prefix such as "dc1-server-consul" and the first number that no existing file
 * has.
 */
export function numberedPaths(prefix: string): PemPaths {
  for (let number = 0; ; number += 1) {
    const paths = { certificate: `${prefix}-${number}.pem`, key: `${prefix}-${number}-key.pem` };
    if (!existsSync(paths.certificate) && !existsSync(paths.key)) return paths;
  }
}

/**
 * Writes both files or neither, and overwrites no file. Only the owner can read the key.
 * @throws CommandFailure if a file exists or cannot be written
 */
export function writePemFiles(paths: PemPaths, issued: Issued): void {
  for (const path of [paths.certificate, paths.key])
    if (existsSync(path)) throw new CommandFailure(`${path} already exists.`);
  // Writes the key first, since a certificate without its key would look complete.
  create(paths.key, issued.key, 0o600);
  try {
    create(paths.certificate, issued.certificate, 0o644);
  } catch (error) {
    rmSync(paths.key, { force: true });
    throw error;
  }
}

function create(path: string, text: string, mode: number): void {
  try {
    writeFileSync(path, text, { mode, flag: "wx" });
  } catch (error) {
    throw new CommandFailure(fileFailure(error));
  }
}

/**
 * Reads a PEM file; `what` names the file in the error.
 * @throws CommandFailure if the file cannot be read
 */
export function readPemFile(path: string, what: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new CommandFailure(`Error reading ${what}: ${fileFailure(error)}`);
  }
}
