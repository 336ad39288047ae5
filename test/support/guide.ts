import { afterAll, expect } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSourceFiles } from "../architecture/source-file.ts";
import { expectedOutput, tourSteps } from "./console-blocks.ts";
import { freePorts } from "./free-ports.ts";
import { Shell } from "./shell.ts";
import { programOf } from "./target.ts";

/** A document whose commands a test runs in one shell, with an agent on free ports of 127.0.0.1. */
export interface Guide {
  readonly text: string;
  /** Runs the commands, and expects the documented output. Returns how many they were. */
  run(): Promise<number>;
}

export async function openGuide(path: string): Promise<Guide> {
  const [document] = await readSourceFiles(path);
  const text = document?.text ?? "";
  const folder = mkdtempSync(join(tmpdir(), "guide-"));
  const [httpPort = 0, serverPort = 0] = await freePorts(2);
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const program = programOf(process.env["CONFORMANCE_TARGET"] ?? "praetor").join(" ");
  writeFileSync(join(bin, "praetor"), `#!/bin/sh\nexec ${program} "$@"\n`);
  chmodSync(join(bin, "praetor"), 0o755);
  const env = { PATH: `${bin}:${process.env["PATH"]}`, CONSUL_HTTP_ADDR: `127.0.0.1:${httpPort}` };
  const shell = new Shell({ cwd: folder, env });
  afterAll(async () => {
    await shell.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const here = (command: string): string => {
    const ports = `-http-port ${httpPort} -dns-port -1 -server-port ${serverPort}`;
    return command.replaceAll(":8500", `:${httpPort}`).replace("-dev", `-dev ${ports}`);
  };
  return {
    text,
    async run() {
      const commands = tourSteps(text).flatMap((step) => step.commands);
      for (const { command, output } of commands) {
        const printed = await shell.run(here(command));
        if (!expectedOutput(output)(printed)) expect(`$ ${command}\n${printed}`).toBe(output.join("\n"));
      }
      return commands.length;
    },
  };
}
