import { compileRe2, type Re2 } from "../lib/filter/re2.ts";
import { CommandFailure } from "./command-failure.ts";

/**
 * A regular expression that was given for `what`: "status", "node filter".
 * @throws CommandFailure when it is none
 */
export function compileExpression(what: string, pattern: string): Re2 {
  const compiled = compileRe2(pattern);
  if ("fault" in compiled) throw new CommandFailure(`Failed to compile ${what} regexp: ${compiled.fault}`);
  return compiled;
}
