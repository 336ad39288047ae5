import { type Clock, sleep } from "../../lib/clock.ts";
import { messageOf, OperatingError } from "../../lib/errors.ts";
import type { ServiceLog } from "./service-log.ts";

/** Closes the listener that `listen` opened. */
export type CloseListener = () => unknown;

/** Opens the service's own listener on a port, and returns a function that closes it. */
export type Listen = (port: number) => CloseListener | Promise<CloseListener>;

export interface ListenerOptions {
  readonly listen: Listen;
  readonly clock: Clock;
  readonly log: ServiceLog;
}

/** Time limit for closing a listener, in milliseconds, within which requests under way can end. */
const closeMaxMs = 5_000;

/** Opens, moves and closes the only listener of a service. */
export class Listener {
  readonly #options: ListenerOptions;
  #close: CloseListener | undefined;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /**
   * Opens the listener and resolves with its port: `wanted` or, if another program listens there, the result of `askAssigned`.
   * @throws OperatingError conflict if no other port is assigned, or the assigned port is taken, too
   */
  async open(wanted: number, askAssigned: () => Promise<number>): Promise<number> {
    if (await this.#isOpenedOn(wanted)) return wanted;
    const assigned = await askAssigned().catch((cause: unknown) => {
      throw portTaken(wanted, `and no other can be asked for (${messageOf(cause)})`);
    });
    if (assigned === wanted) throw portTaken(wanted, "and this service's configuration has no other");
    if (!(await this.#isOpenedOn(assigned))) throw portTaken(assigned, `which was assigned in the place of ${wanted}`);
    return assigned;
  }

  /**
   * Moves to another port: closes the old listener after the new one is open.
   * @throws OperatingError conflict if the new port is taken; the old listener stays open
   */
  async move(port: number): Promise<void> {
    const closeOld = this.#close;
    if (!(await this.#isOpenedOn(port))) throw portTaken(port, "which was assigned to this service");
    await this.#end(closeOld);
  }

  /** Closes the listener. Never rejects. */
  async close(): Promise<void> {
    const close = this.#close;
    this.#close = undefined;
    await this.#end(close);
  }

  /** Calls the function that closes a listener. Logs its failure, and waits for it at most `closeMaxMs`. */
  async #end(close: CloseListener | undefined): Promise<void> {
    const { clock, log } = this.#options;
    const ended = new AbortController();
    const ending = async (): Promise<void> => {
      try {
        await close?.();
      } catch (thrown) {
        log.error(`closing the listener: ${messageOf(thrown)}`);
      } finally {
        ended.abort();
      }
    };
    await Promise.race([ending(), sleep(clock, closeMaxMs, ended.signal)]);
  }

  /** Opens the listener on the port; resolves with false if the port is taken. */
  async #isOpenedOn(port: number): Promise<boolean> {
    try {
      this.#close = await this.#options.listen(port);
    } catch (thrown) {
      if (isPortTaken(thrown)) return false;
      throw thrown;
    }
    return true;
  }
}

function isPortTaken(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === "EADDRINUSE";
}

function portTaken(port: number, more: string): OperatingError {
  const message = `another program listens on port ${port}, ${more}: stop that program, or set Service/Port to a free port`;
  return new OperatingError("conflict", "service-port-taken", message);
}
