import { OperatingError } from "../lib/errors.ts";

/** Words and flags that do not go together: told with a hint at the command's help. */
export function wrongUsage(message: string): OperatingError {
  return new OperatingError("invalid", "invalid-flag", message);
}
