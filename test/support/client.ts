import { accessSync, chmodSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programOf } from "./target.ts";

/** A command-line program that sends requests to an agent. It is always installed under the name `consul`. */
export interface Client {
  /** Returns the environment variables of a shell in which `consul` is this client and uses the agent at `url`. */
  environment(url: string): Readonly<Record<string, string>>;
  close(): void;
}

const kind = process.env["CLIENT"] ?? "praetor";

/** The product whose command line the tests run. */
export const clientName: "praetor" | "consul" = kind === "consul" ? "consul" : "praetor";

/** Returns why the client that the environment variable CLIENT names cannot run here; undefined when it can. */
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
 * Installs the client that the environment variable CLIENT names: praetor (the sources, the default), executable (dist/praetor)
 * or consul (the program that CONSUL_BINARY names).
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
