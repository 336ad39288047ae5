/** What a world must not do, and what an agent with a fault would look like: for trials of the simulation itself. */
export type Mutation =
  /** Batches are confirmed before they are written: a crash loses the last ones. */
  | "the disk forgets what it confirmed"
  | "the disk keeps halves of batches"
  /** It refuses a batch and keeps it all the same: the acknowledgement was lost. */
  | "the disk keeps what it refused"
  | "the index falls at a start"
  | "a wake-up is forgotten"
  | "a lock is given to two"
  | "a write waits for as long as the disk hangs"
  | "the position on the bus is forgotten"
  | "the broker acknowledges what it loses"
  | "a port is given twice"
  | "time is told by the wall clock"
  | "timers fire early";
