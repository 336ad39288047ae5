/** A connection to a message broker. */
export interface BrokerConnection {
  /** Resolves when the broker has acknowledged the message; never, when the connection ends before that. */
  publish(topic: string, message: Uint8Array): Promise<void>;
  /** Resolves when the connection has ended, whoever ended it, with the reason in words. */
  readonly ended: Promise<string>;
  /** Ends it in order. */
  close(): Promise<void>;
}

/**
 * Resolves when the broker has taken the connection.
 * @throws OperatingError denied or unavailable, with what the broker or the network says; also when `signal` aborts
 */
export type ConnectBroker = (signal: AbortSignal) => Promise<BrokerConnection>;
