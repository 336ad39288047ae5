/**
 * Runs a command of this machine and returns its standard output.
 * @throws Error with the command and what it printed, if it fails
 */
export async function output(command: readonly string[]): Promise<string> {
  const env = { ...process.env, LC_ALL: "C" };
  const program = Bun.spawn([...command], { env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [text, errors, code] = await Promise.all([
    new Response(program.stdout).text(),
    new Response(program.stderr).text(),
    program.exited,
  ]);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}: ${errors.trim()}`);
  return text;
}
