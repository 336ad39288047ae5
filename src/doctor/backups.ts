import { formatDuration } from "../lib/duration.ts";
import type { AgentFacts, BackupFacts, Finding } from "./facts.ts";

/** The newest backup is old when so many intervals have passed since it. */
const intervalsMax = 2;

/** Reports a scheduled backup that failed, and that the newest good one is old. */
export function failedBackups({
  agent: { backups, nodeName },
}: {
  readonly agent: Pick<AgentFacts, "backups" | "nodeName">;
}): readonly Finding[] {
  if (!backups) return [];
  const where = `node ${nodeName}, folder ${backups.folder}`;
  const failed = {
    ...{ kind: "backup-failed", where },
    problem: `The last backup failed. ${newest(backups)}`,
    advice:
      "praetor monitor -n 200 shows why: no room, a folder that the agent may not write, or backup.program. The agent tries again " +
      "within an hour; praetor snapshot save makes a backup by hand.",
  };
  const old = {
    ...{ kind: "backup-old", where },
    problem: `${newest(backups)} One is due every ${formatDuration(backups.intervalS * 1_000)}.`,
    advice:
      "Make one now (praetor snapshot save), and look in the agent's log for what hinders it, or for a clock that jumped.",
  };
  const isOld = (backups.ageS ?? 0) > backups.intervalS * intervalsMax;
  return [...(backups.hasFailed ? [failed] : []), ...(isOld ? [old] : [])];
}

function newest({ ageS }: BackupFacts): string {
  return ageS === undefined ? "There is no good one." : `The newest good one is ${formatDuration(ageS * 1_000)} old.`;
}
