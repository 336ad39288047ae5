/** A connection to a message broker. */
export interface BrokerConnection {
  /** Sends a message. Resolves when the broker has acknowledged it; stays pending if the connection ends first. */
  publish(topic: string, message: Uint8Array): Promise<void>;
  /** Resolves with the reason when the connection has ended, whichever side closed it. */
  readonly ended: Promise<string>;
  /** Closes the connection gracefully. */
  close(): Promise<void>;
}

/**
 * Opens a connection; resolves when the broker has accepted it.
 * @throws OperatingError forbidden or unavailable, with the reason that the broker or the network gave; also when `signal` aborts
 */
export type ConnectBroker = (signal: AbortSignal) => Promise<BrokerConnection>;
