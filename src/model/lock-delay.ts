/**
 * The period in which no session can lock a key because the session that held it was invalidated. Both times are in the
 * state's time (Stamp in state/command.ts), which advances only while the process runs and does not jump.
 */
export interface LockDelay {
  readonly key: string;
  readonly sinceMs: number;
  readonly untilMs: number;
}
