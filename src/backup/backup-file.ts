/*
 * The names of backups. A name has the node, so that several servers can share a folder, and the time, from which the order and the
 * age of backups follow after a restart, also of copies:
 *
 *     gateway-7.20261130T142500Z.snap          a verified snapshot
 *     gateway-7.20261130T142500Z.snap.unsent   the same, which the program has not taken yet
 */

export interface BackupFile {
  readonly name: string;
  /** Milliseconds since 1970, whole seconds. */
  readonly takenMs: number;
  /** Whether the program has yet to take it. */
  readonly isUnsent: boolean;
}

const unsentEnd = ".unsent";

/** Returns the backup of a node that was taken at this time. */
export function backupFile(node: string, takenMs: number, isUnsent: boolean): BackupFile {
  const stamp = new Date(takenMs).toISOString().replaceAll(/[:-]|\.\d+/g, "");
  return { name: `${prefixOf(node)}${stamp}.snap${isUnsent ? unsentEnd : ""}`, takenMs, isUnsent };
}

/** Returns the same backup after the program has taken it. */
export function asSent({ name, takenMs }: BackupFile): BackupFile {
  return { name: name.slice(0, -unsentEnd.length), takenMs, isUnsent: false };
}

/** Returns the backups of a node among the names of a folder, the newest first. */
export function backupsAmong(names: readonly string[], node: string): readonly BackupFile[] {
  const found = names.flatMap((name) => parse(name, node) ?? []);
  return found.toSorted((a, b) => b.takenMs - a.takenMs);
}

/** Returns whether a name in the folder is a backup of this node that was never finished. */
export function isUnfinished(name: string, node: string): boolean {
  const start = `.${prefixOf(node)}`;
  return name.startsWith(start) && /^\d{8}T\d{6}Z\.snap/.test(name.slice(start.length));
}

function parse(name: string, node: string): BackupFile | undefined {
  const prefix = prefixOf(node);
  if (!name.startsWith(prefix)) return undefined;
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.snap(\.unsent)?$/.exec(name.slice(prefix.length));
  if (!parts) return undefined;
  const [, year, month, day, hour, minute, second, end] = parts;
  const takenMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(takenMs) ? undefined : { name, takenMs, isUnsent: end !== undefined };
}

function prefixOf(node: string): string {
  return `${node.replaceAll(/[^\w.-]/g, "_")}.`;
}

export interface Retention {
  /** Number of backups to keep. */
  readonly keep: number;
  /** The age in milliseconds beyond which a backup is superfluous; 0 for no limit. */
  readonly maxAgeMs: number;
}

/** Returns the backups to delete. The newest stays, however old it is. @param backups the newest first */
export function superfluous(
  backups: readonly BackupFile[],
  { keep, maxAgeMs }: Retention,
  wallMs: number,
): readonly BackupFile[] {
  return backups.slice(1).filter(({ takenMs }, at) => at + 1 >= keep || (maxAgeMs > 0 && wallMs - takenMs > maxAgeMs));
}
