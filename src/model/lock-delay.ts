/**
 * For how long nobody can lock a key because the session that held it has ended. Both times are on the state's own time
 * (Stamp in state/command.ts), which passes only while a process runs: no wall clock that jumps, and none that stands still.
 */
export interface LockDelay {
  readonly key: string;
  readonly sinceMs: number;
  readonly untilMs: number;
}
