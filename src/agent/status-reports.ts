import { messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";

/**
 * Brings the statuses of checks to the catalog. One that could not be stored is told again with the check's next result,
 * if anti-entropy was not quicker.
 */
export class StatusReports {
  readonly #send: (checkId: string) => Promise<void>;
  readonly #log: Log;
  /** The newest report of each check that is under way. */
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #failed = new Set<string>();

  /** @param send tells the catalog the status that the check has by then */
  constructor(send: (checkId: string) => Promise<void>, log: Log) {
    this.#send = send;
    this.#log = log;
  }

  start(checkId: string): void {
    const isAgain = this.#failed.delete(checkId);
    const report = this.#report(checkId, isAgain).finally(() => {
      if (this.#underWay.get(checkId) === report) this.#underWay.delete(checkId);
    });
    // It is logged; whoever waits for it sees it too.
    report.catch(() => {});
    this.#underWay.set(checkId, report);
  }

  /** Whether the catalog was last not told. */
  hasFailed(checkId: string): boolean {
    return this.#failed.has(checkId);
  }

  /** Resolves when the catalog knows what the check has said until now; rejects when it cannot be told. */
  async settled(checkId: string): Promise<void> {
    await this.#underWay.get(checkId);
  }

  forget(checkId: string): void {
    this.#failed.delete(checkId);
  }

  async #report(checkId: string, isAgain: boolean): Promise<void> {
    try {
      await this.#send(checkId);
    } catch (error) {
      this.#failed.add(checkId);
      const fields = { check: checkId, error: messageOf(error) };
      this.#log[isAgain ? "debug" : "warn"]("Check status could not be stored; it is tried again", fields);
      throw error;
    }
  }
}
