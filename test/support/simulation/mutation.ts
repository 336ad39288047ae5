/** A fault to inject into the platform or the agent's answers, to test that the simulation finds it. */
export type Mutation =
  /** The disk confirms batches before it writes them, so a crash loses the last ones. */
  | "the disk loses a confirmed batch"
  | "the disk keeps halves of batches"
  /** The disk reports an error for a batch that it has written: only the acknowledgement was lost. */
  | "the disk keeps a refused batch"
  | "the index falls at a start"
  | "a wake-up is forgotten"
  | "a lock has two holders"
  | "a write waits for as long as the disk hangs"
  | "the position on the bus is forgotten"
  | "the broker acknowledges a lost message"
  | "a port is assigned twice"
  | "time comes from the wall clock"
  | "the clock runs fast";
