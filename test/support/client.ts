import { accessSync, chmodSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programOf } from "./target.ts";

/** A command-line program that sends requests to an agent. It is always installed under the name `consul`. */
export interface Client {
  /** Returns the environment for a shell in which the client is on the path and uses the agent at `url`. */
  environment(url: string): Readonly<Record<string, string>>;
  close(): void;
}

const kind = process.env["CLIENT"] ?? "praetor";

/** The product to which the command line belongs. */
export const clientName: "praetor" | "consul" = kind === "consul" ? "consul" : "praetor";

/** Returns why the client that CLIENT names cannot run here; undefined when it can. */
export function clientMissing(): string | undefined {
  const [program = "", ...words] = clientProgram();
  if (words.length > 0) return undefined;
  try {
    accessSync(program, constants.X_OK);
    return undefined;
  } catch {
    return `${program} is no program; \`make conformance\` names the real Consul by CONSUL_BINARY`;
  }
}

/**
 * Installs the client that CLIENT names: praetor (the sources, the default), executable (dist/praetor) or consul (CONSUL_BINARY).
 */
export function openClient(): Client {
  const folder = mkdtempSync(join(tmpdir(), "client-"));
  const program = join(folder, "consul");
  const words = clientProgram().map((word) => `'${word}'`);
  writeFileSync(program, `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`);
  chmodSync(program, 0o755);
  return {
    environment: (url) => ({
      PATH: `${folder}:${process.env["PATH"]}`,
      CONSUL_HTTP_ADDR: new URL(url).host,
    }),
    close: () => rmSync(folder, { recursive: true }),
  };
}

function clientProgram(): readonly string[] {
  return programOf(kind);
}
