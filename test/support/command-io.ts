import type { Command, CommandIo } from "../../src/cli/command.ts";
import { systemClock } from "../../src/lib/clock.ts";

export interface CommandRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command with `args`; returns its output and exit code. */
export async function runCommandWith(
  command: Command,
  args: readonly string[],
  io: Partial<CommandIo> = {},
): Promise<CommandRun> {
  let [stdout, stderr] = ["", ""];
  const code = await command.run(args, {
    stdout: (text) => void (stdout += typeof text === "string" ? text : new TextDecoder().decode(text)),
    stderr: (text) => void (stderr += text),
    stdin: () => Promise.resolve(new Uint8Array()),
    env: {},
    clock: systemClock,
    isTerminal: false,
    ...io,
  });
  return { code, stdout, stderr };
}
