import {
  addSession,
  emptyGroup,
  endSession,
  removeAll,
  waysOf,
  withShown,
  type KvContent,
  type KvGroup,
} from "./kv-group.ts";
import type { KvInput, KvOutput, KvShown, KvStep } from "./kv-operation.ts";
import type { Model } from "./operation.ts";

/** The model of Consul's promises for a group of keys: each key is a register, sessions lock keys, transactions span keys. */
export const kvModel: Model<KvGroup, KvInput, KvOutput> = {
  initial: emptyGroup,
  step(before, input, output) {
    const group = { ...before, rows: before.rows.nextCommand() };
    switch (input.kind) {
      case "step":
        return runStep(group, input.step, output);
      case "txn":
        return runTxn(group, input.steps, output);
      case "list":
        return showing(group, group.rows.keys, output);
      case "delete-tree":
        return [removeAll(group)];
      case "create-session":
        return [output?.kind === "session" ? addSession(group, output.id) : group];
      case "destroy-session":
        return [endSession(group, input.session)];
    }
  },
  keyOf: ({ rows, sessions }) => `${rows.keyWith(contentText)} ${[...sessions].toSorted().join(" ")}`,
  showState: ({ rows }) => rows.show(contentText),
  show: (input, output) => `${showInput(input)} -> ${showOutput(output)}`,
};

function runStep(group: KvGroup, step: KvStep, output: KvOutput | undefined): readonly KvGroup[] {
  if (step.verb === "get") return showing(group, group.rows.get(step.key) ? [step.key] : [], output);
  const ways = waysOf(group, step);
  const wanted = output?.kind === "written" ? ways.filter(({ result }) => result === output.result) : ways;
  return wanted.map((way) => way.group);
}

/** Returns a list of the group, given the rows of `keys` in the answer; an empty list if the group cannot contain them. */
function showing(group: KvGroup, keys: readonly string[], output: KvOutput | undefined): readonly KvGroup[] {
  if (output?.kind !== "shown") return [group];
  if (output.rows.length !== keys.length) return [];
  const shown = output.rows.reduce<KvGroup | undefined>((seen, row) => seen && withShown(seen, row), group);
  return shown ? [shown] : [];
}

/** The progress of a transaction along one of its possible outcomes. */
interface TxnWay {
  readonly group: KvGroup;
  readonly failed: readonly number[];
  /** The rows of the answer that no step has produced yet. */
  readonly toShow: readonly KvShown[];
}

/** Returns the possible groups after a transaction. All steps run even after one has failed, but then none has an effect. */
function runTxn(before: KvGroup, steps: readonly KvStep[], output: KvOutput | undefined): readonly KvGroup[] {
  const shown = output?.kind === "committed" ? output.rows : undefined;
  let ways: readonly TxnWay[] = [{ group: before, failed: [], toShow: shown ?? [] }];
  steps.forEach((step, at) => {
    ways = ways.flatMap((way) =>
      waysOf(way.group, step).flatMap((next) => {
        if (next.result !== "done") return shown ? [] : [{ ...way, failed: [...way.failed, at] }];
        return shown && isShown(step) ? shownBy({ ...way, group: next.group }) : [{ ...way, group: next.group }];
      }),
    );
  });
  return ways.filter((way) => canAnswer(way, output)).map(({ group, failed }) => (failed.length > 0 ? before : group));
}

/** Returns whether the answer contains a row for the step. Consul: it has no rows for deletions and check-not-exists. */
function isShown({ verb }: KvStep): boolean {
  return verb !== "delete" && verb !== "delete-cas" && verb !== "check-not-exists";
}

function shownBy(way: TxnWay): readonly TxnWay[] {
  const [row, ...toShow] = way.toShow;
  const group = row && withShown(way.group, row);
  return group ? [{ ...way, group, toShow }] : [];
}

function canAnswer({ failed, toShow }: TxnWay, output: KvOutput | undefined): boolean {
  if (output?.kind === "committed") return failed.length === 0 && toShow.length === 0;
  return output?.kind !== "rolled-back" || failed.join() === output.failed.join();
}

function contentText({ value, session, lockIndex }: KvContent): string {
  return `"${value}"${session === "" ? "" : ` locked by ${session}`}${lockIndex === 0 ? "" : ` (lock ${lockIndex})`}`;
}

function showInput(input: KvInput): string {
  switch (input.kind) {
    case "step":
      return showStep(input.step);
    case "txn":
      return `txn [${input.steps.map(showStep).join("; ")}]`;
    case "destroy-session":
      return `destroy-session ${input.session}`;
    case "list":
    case "delete-tree":
    case "create-session":
      return input.kind;
  }
}

function showStep({ verb, key, value, index, session }: KvStep): string {
  const parts = [verb, key, value && `"${value}"`, index > 0 || verb === "cas" ? `index ${index}` : "", session];
  return parts.filter((part) => part !== "").join(" ");
}

function showOutput(output: KvOutput | undefined): string {
  if (!output) return "no answer";
  switch (output.kind) {
    case "written":
      return output.result;
    case "shown":
    case "committed":
      return `${output.kind} [${output.rows.map(showRow).join("; ")}]`;
    case "rolled-back":
      return `rolled back by the steps ${output.failed.join(", ")}`;
    case "session":
      return output.id;
  }
}

function showRow({ key, value, session, lockIndex, modifyIndex }: KvShown): string {
  const content = value === undefined ? `${session}${lockIndex}` : contentText({ value, session, lockIndex });
  return `${key} = ${content} at index ${modifyIndex}`;
}
