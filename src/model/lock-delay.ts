/**
 * The period in which no session can lock a key because the session that held it was invalidated. Its start and end are
 * times of the state (Stamp in state/command.ts), which advance only while the process runs, and never jump.
 */
export interface LockDelay {
  readonly key: string;
  readonly sinceMs: number;
  readonly untilMs: number;
}
