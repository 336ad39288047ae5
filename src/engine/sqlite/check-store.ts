import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OperatingError } from "../../lib/errors.ts";
import { holderOfLock } from "./failures.ts";
import { RowFile, storeFileName } from "./row-file.ts";

/** The result of checking a store that this process does not have open. */
export type StoreCheck =
  | { readonly result: "absent" | "sound" }
  /** A running agent, the process `pid`, has the store open. */
  | { readonly result: "in-use"; readonly pid: number }
  /** No agent could start with this store; `reason` states the damage and what to do. */
  | { readonly result: "damaged"; readonly reason: string };

/**
 * Checks a store as a starting agent does, but on a copy in a temporary folder: opening the store's own file could checkpoint its
 * WAL, which would change the file and the WAL. Blocks the thread for a few milliseconds per MiB.
 * @throws Error when this process may not read the store, or the temporary folder has no room
 */
export function checkStore(folder: string): StoreCheck {
  const file = join(folder, storeFileName);
  if (!existsSync(file)) return { result: "absent" };
  const pid = holderOfLock(file);
  if (pid !== undefined) return { result: "in-use", pid };
  const copy = mkdtempSync(join(tmpdir(), "praetor-check-"));
  try {
    for (const name of [storeFileName, `${storeFileName}-wal`])
      if (existsSync(join(folder, name))) copyFileSync(join(folder, name), join(copy, name));
    checkCopy(copy);
    return { result: "sound" };
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    return { result: "damaged", reason: error.message.replaceAll(join(copy, storeFileName), file) };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function checkCopy(folder: string): void {
  const rows = RowFile.open(folder);
  try {
    rows.load(() => {});
  } finally {
    rows.close();
  }
}
