import { type Signal, useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Confirm, Dialogue } from "../../parts/dialogue.tsx";
import { Fault } from "../../parts/fault.tsx";
import { Field } from "../../parts/field.tsx";
import { hindranceOf } from "../../parts/state-bar.tsx";
import { go } from "../../shell/router.ts";
import { namesIn, pairsIn } from "./many.ts";
import { encodeName, keyPathOf } from "./names.ts";
import { type Chosen, deletionSteps, exportText, type Read, renamed, type Step, transferSteps } from "./steps.ts";
import { readKeys, runSteps } from "./transactions.ts";
import type { Pair } from "./value.ts";

/** A long write in a dialogue: how far it is, and how it ended. */
export interface Work {
  /** Steps that are done; undefined before it began. */
  readonly done: Signal<number | undefined>;
  readonly all: Signal<number>;
  readonly fault: Signal<string | undefined>;
  /** Runs the steps. Resolves with whether all were done. @param noun the step's result for the sentence of a failure: "moved" */
  readonly run: (steps: readonly Step[], noun: string) => Promise<boolean>;
}

export function useWork(): Work {
  const done = useSignal<number | undefined>(undefined);
  const all = useSignal(0);
  const fault = useSignal<string | undefined>(undefined);
  return {
    ...{ done, all, fault },
    run: async (steps, noun) => {
      [done.value, all.value, fault.value] = [0, steps.length, undefined];
      const written = await runSteps(steps, (count) => (done.value = count));
      done.value = undefined;
      if (written.fault === undefined) return true;
      const rest = written.all - written.done;
      fault.value = `${written.done} of ${written.all} were ${noun}, the other ${rest} were not: ${written.fault}`;
      return false;
    },
  };
}

export function WorkView({ work: { done, all, fault } }: { readonly work: Work }): JSX.Element {
  return (
    <>
      {done.value !== undefined && (
        <p role="status">
          <progress value={done.value} max={all.value} /> {done.value} of {all.value}
        </p>
      )}
      <Fault>{fault.value}</Fault>
    </>
  );
}

/** Returns why a dialogue's action cannot be done now. */
function hindranceWith({ done }: Work, other: string | undefined): string | undefined {
  return hindranceOf() ?? (done.value === undefined ? other : "Writing");
}

/** Names what is chosen: the row's name, or the number of rows. */
function chosenText(chosen: readonly Chosen[]): string {
  return chosen.length === 1 ? (chosen[0]?.name ?? "") : `${chosen.length} rows`;
}

interface DialogueProps {
  readonly onClose: () => void;
}

interface ChosenProps extends DialogueProps {
  readonly chosen: readonly Chosen[];
  readonly onDone: () => void;
}

/** Deletes keys and folders. A folder wants its name typed, several rows with folders the number of keys. */
export function DeleteDialogue({ chosen, onClose, onDone }: ChosenProps): JSX.Element {
  const names = useSignal<Read<readonly string[]> | undefined>(undefined);
  const typed = useSignal("");
  const work = useWork();
  useEffect(() => void namesIn(chosen).then((read) => (names.value = read)), []);
  const read = names.value;
  const count = read && "value" in read ? read.value.length : undefined;
  const hasFolder = chosen.some(({ kind }) => kind === "folder");
  const wanted = chosen.length === 1 ? (chosen[0]?.name ?? "") : String(count ?? "");
  const isTyped = !hasFolder || (typed.value !== "" && typed.value === wanted);
  const keysText = count === 1 ? "1 key" : `${count ?? "…"} keys`;
  return (
    <Confirm
      title={`Delete ${chosenText(chosen)}?`}
      action={`Delete ${keysText}`}
      hindrance={hindranceWith(work, isTyped && count !== undefined ? undefined : "")}
      onClose={onClose}
      onConfirm={() => void work.run(deletionSteps(chosen), "deleted").then((isDone) => isDone && onDone())}
    >
      <p>
        {read && "fault" in read
          ? `The keys cannot be counted: ${read.fault}`
          : `${keysText} will be deleted. Export them first if you may want them back.`}
      </p>
      {hasFolder && (
        <Field
          label={chosen.length === 1 ? "Type the folder's name" : "Type the number of keys"}
          hint={wanted}
          value={typed.value}
          onValue={(value) => (typed.value = value)}
        />
      )}
      <WorkView work={work} />
    </Confirm>
  );
}

interface TransferProps extends DialogueProps {
  readonly source: Chosen;
  readonly isMove: boolean;
}

/** Copies or moves a key, or a folder with all its keys, to another name, and shows it there. */
export function TransferDialogue({ source, isMove, onClose }: TransferProps): JSX.Element {
  const { name: from, kind } = source;
  const to = useSignal(from);
  const overwrites = useSignal(false);
  const clashes = useSignal<readonly string[]>([]);
  const work = useWork();
  const [verb, noun] = isMove ? (["Move", "moved"] as const) : (["Copy", "copied"] as const);
  const transfer = async (): Promise<void> => {
    const prepared = await prepareTransfer({ source, to: to.value });
    if ("fault" in prepared) return void (work.fault.value = prepared.fault);
    const { pairs, existing } = prepared.value;
    clashes.value = [...existing.keys()];
    if (existing.size > 0 && !overwrites.value) return;
    const steps = transferSteps(pairs, existing, { from, to: to.value, isMove });
    if (!(await work.run(steps, noun))) return;
    onClose();
    go(kind === "key" ? keyPathOf(to.value) : `/keys/${encodeName(to.value)}`);
  };
  return (
    <Confirm
      title={`${verb} ${from}?`}
      action={`${verb} ${from}`}
      hindrance={hindranceWith(work, faultOfName(to.value, source))}
      onClose={onClose}
      onConfirm={() => void transfer()}
    >
      <Field label="New name" value={to.value} onValue={(value) => (to.value = value)} />
      {clashes.value.length > 0 && (
        <>
          <Fault>
            {clashes.value.length} {clashes.value.length === 1 ? "key exists" : "keys exist"} there already:{" "}
            {clashes.value.slice(0, 5).join(", ")}
          </Fault>
          <Check isOn={overwrites}>Overwrite them</Check>
        </>
      )}
      <WorkView work={work} />
    </Confirm>
  );
}

function Check({
  isOn,
  children,
}: {
  readonly isOn: Signal<boolean>;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={isOn.value}
        onChange={({ currentTarget }) => (isOn.value = currentTarget.checked)}
      />
      {children}
    </label>
  );
}

/** Returns why a key or folder cannot get a name; undefined if it can. */
function faultOfName(to: string, { name: from, kind }: Chosen): string | undefined {
  if (to === from) return "Type another name.";
  if (kind === "key") return to === "" ? "Type a name." : undefined;
  if (!to.endsWith("/")) return "The name of a folder ends in a slash.";
  return to.startsWith(from) || from.startsWith(to)
    ? "A folder cannot go into itself or a folder above it."
    : undefined;
}

interface Prepared {
  readonly pairs: readonly Pair[];
  /** The keys that exist at the destination. */
  readonly existing: ReadonlyMap<string, Pair>;
}

async function prepareTransfer({ source, to }: { source: Chosen; to: string }): Promise<Read<Prepared>> {
  const read = await pairsIn([source]);
  if ("fault" in read) return read;
  if (read.value.length === 0) return { fault: "There is no key any more." };
  const found = await readKeys(read.value.map(({ Key }) => renamed(Key, { from: source.name, to })));
  return "fault" in found ? found : { value: { pairs: read.value, existing: found.pairs } };
}

/** Names a new key, and opens its editor. */
export function NewKeyDialogue({ folder, onClose }: DialogueProps & { readonly folder: string }): JSX.Element {
  const name = useSignal(folder);
  const open = (): void => {
    onClose();
    const path = keyPathOf(name.value);
    go(`${path}${path.includes("?") ? "&" : "?"}edit=1`);
  };
  return (
    <Dialogue title="New key" onClose={onClose} closeLabel="Cancel">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          open();
        }}
      >
        <Field
          label="Name"
          hint="A slash parts folders; folders need not exist."
          value={name.value}
          onValue={(value) => (name.value = value)}
        />
        <p class="buttons">
          <button type="submit" disabled={name.value === "" || name.value === folder}>
            Write its value
          </button>
        </p>
      </form>
    </Dialogue>
  );
}

/** Reads what is chosen, and has the browser save it as a file. Resolves with why not; undefined if it is done. */
export async function download(chosen: readonly Chosen[]): Promise<string | undefined> {
  const read = await pairsIn(chosen);
  if ("fault" in read) return read.fault;
  const url = URL.createObjectURL(new Blob([exportText(read.value)], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${(chosen[0]?.name ?? "").replaceAll(/[^\w.-]+/g, "-").replaceAll(/^-+|-+$/g, "") || "keys"}.json`;
  link.click();
  // The browser has to have begun to read it.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
  return undefined;
}
