import { compileRe2, type Re2 } from "../lib/filter/re2.ts";
import { CommandFailure } from "./command-failure.ts";

/**
 * Compiles a regular expression of a flag; `what` names it in the error: "status", "node filter".
 * @throws CommandFailure if it is invalid
 */
export function compileExpression(what: string, pattern: string): Re2 {
  const compiled = compileRe2(pattern);
  if ("fault" in compiled) throw new CommandFailure(`Failed to compile ${what} regexp: ${compiled.fault}`);
  return compiled;
}
