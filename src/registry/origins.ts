/** The place of a write that a follower forwards to the leader. */
export interface Origin {
  /** The id of the server that forwarded the write. */
  readonly server: string;
  /** Distinguishes the starts of that server. */
  readonly start: string;
  /** The number of the write, counted from 1 since that start. */
  readonly serial: number;
}
