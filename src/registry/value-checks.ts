import { OperatingError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Meter } from "../lib/metrics.ts";
import { describeFault, type ValueFault, type ValueRules } from "../model/value-rules.ts";
import type { Command } from "../state/command.ts";

interface KeyValue {
  readonly key: string;
  readonly value: Uint8Array;
}

/** Maximum number of keys whose invalid values are logged. */
const loggedMax = 10_000;

/** Maximum number of faults that a refusal describes. */
const describedMax = 10;

interface ValueChecksOptions {
  readonly log: Log;
  /** Counts invalid values. */
  readonly invalid: Meter;
}

/**
 * Checks the values of keys before they are written. An invalid value is counted, and logged once for each key, without the value.
 * Deletes have no value, and a snapshot is restored as it is.
 */
export class ValueChecks {
  readonly #options: ValueChecksOptions;
  readonly #logged = new Set<string>();
  #rules: ValueRules | undefined;
  #refuses = false;

  constructor(options: ValueChecksOptions) {
    this.#options = options;
  }

  /**
   * Replaces the rules.
   * @param rules undefined for no checks
   * @param refuses whether clients may not write an invalid value
   */
  use(rules: ValueRules | undefined, refuses: boolean): void {
    this.#rules = rules;
    this.#refuses = refuses;
    this.#logged.clear();
  }

  /**
   * Checks the values that commands write. Returns the error, invalid "invalid-value", because of which none of the commands may be
   * done; undefined if all may.
   * @param writer an invalid value of the agent's own is only logged
   */
  refusalOf(commands: readonly Command[], writer: "client" | "agent"): OperatingError | undefined {
    const rules = this.#rules;
    if (!rules) return undefined;
    const faults = commands.flatMap(valuesOf).flatMap(({ key, value }) => {
      const fault = rules.faultOf(key, value);
      return fault ? [{ key, value, fault }] : [];
    });
    if (faults.length === 0) return undefined;
    const isRefused = this.#refuses && writer === "client";
    for (const { key, fault } of faults) this.#record(key, fault, isRefused);
    if (!isRefused) return undefined;
    const texts = faults.slice(0, describedMax).map(({ key, value, fault }) => describeFault(key, value, fault));
    if (faults.length > describedMax) texts.push(`${faults.length - describedMax} more values are not valid`);
    return new OperatingError("invalid", "invalid-value", `${texts.join("\n")}\nNothing was written`);
  }

  #record(key: string, { rule }: ValueFault, isRefused: boolean): void {
    this.#options.invalid.add(1);
    if (this.#logged.has(key) || this.#logged.size >= loggedMax) return;
    this.#logged.add(key);
    const done = isRefused ? "was refused" : "was written all the same";
    this.#options.log.warn(`The value of a key is not valid, and ${done}`, { key, rule });
  }
}

const valueVerbs = new Set(["set", "cas", "lock", "unlock"]);

/** Returns the values that a command writes. */
function valuesOf(command: Command): readonly KeyValue[] {
  switch (command.type) {
    case "kv-set":
    case "kv-lock":
    case "kv-unlock":
      return [command];
    case "kv-set-branch":
      return command.entries;
    case "kv-trial-start":
      return command.stages.flat().flatMap(({ key, content }) => (content ? [{ key, value: content.value }] : []));
    case "txn":
      return command.operations.filter((each) => each.kind === "kv").filter(({ verb }) => valueVerbs.has(verb));
    default:
      return [];
  }
}
