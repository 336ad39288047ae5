import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { readOnce, write } from "../../live/reading.ts";
import { isAbsence } from "../../live/request.ts";
import { type Base, type Draft, draftOf, dropDraft, keepDraft } from "./drafts.ts";
import { hasMarks, merge } from "./line-diff.ts";
import { apiPathOf, looksSecret } from "./names.ts";
import { bytesOf, editedBytesMax, fromField, lineEndsOf, type Pair, sizeText, textOf, toField } from "./value.ts";

/*
 * The edit of a key. It begins with a base, the value as it was read, and ends with a write that the agent does only if the key still
 * has the base's index (cas). If it has another one, there is a conflict: the user sees the base, theirs and the own text, and the next
 * write is against the index of theirs. The text is kept as a draft until it is saved or discarded.
 */

/** The value that another has written since the edit began. */
export interface Theirs {
  readonly base: Base;
  /** Whether the key was deleted. */
  readonly isGone: boolean;
}

const draftPauseMs = 300;

/** Returns the value of a key as the base of an edit; undefined if it is no text. */
export function baseOf(pair: Pair | undefined): Base | undefined {
  if (!pair) return { index: 0, text: "", flags: 0, ends: "lf" };
  const text = textOf(bytesOf(pair));
  if (text === undefined) return undefined;
  return { index: pair.ModifyIndex, text: toField(text), flags: pair.Flags, ends: lineEndsOf(text) };
}

export class KeyEdit {
  readonly name: string;
  readonly base: Signal<Base>;
  readonly text: Signal<string>;
  /** Why the last save was not done. */
  readonly fault: Signal<string | undefined> = signal(undefined);
  readonly conflict: Signal<Theirs | undefined> = signal(undefined);
  readonly isSaving: Signal<boolean> = signal(false);
  /** The index of the last save; undefined before it. */
  readonly savedIndex: Signal<number | undefined> = signal(undefined);
  /** Whether the text is kept as a draft. */
  readonly keepsDraft: Signal<boolean>;
  /** When the draft was typed with which this edit began. */
  readonly restoredMs: number | undefined;
  /** A number that changes when the text was changed by other than typing. */
  readonly turn: Signal<number> = signal(0);
  readonly isChanged: ReadonlySignal<boolean>;
  /** Whether the draft in the browser is that of this edit; that of another tab is not dropped. */
  #hasDraft: boolean;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(name: string, base: Base) {
    const draft = draftOf(name);
    this.name = name;
    this.base = signal(draft?.base ?? base);
    this.text = signal(draft?.text ?? base.text);
    this.restoredMs = draft?.atMs;
    this.#hasDraft = draft !== undefined;
    this.keepsDraft = signal(draft !== undefined || !looksSecret(name));
    this.isChanged = computed(() => this.text.value !== this.base.value.text);
  }

  /** Takes what the user has typed. */
  type(text: string): void {
    this.text.value = text;
    this.savedIndex.value = undefined;
    this.#timer ??= setTimeout(() => this.keep(), draftPauseMs);
  }

  /** Sets the text, such as that of a merge. */
  replaceText(text: string): void {
    this.type(text);
    this.turn.value += 1;
  }

  /** Keeps the draft now, such as before the page goes. */
  keep(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.keepsDraft.peek() || !this.isChanged.peek()) {
      if (this.#hasDraft) dropDraft(this.name);
      this.#hasDraft = false;
      return;
    }
    this.#hasDraft = true;
    const draft: Draft = { base: this.base.peek(), text: this.text.peek(), atMs: Date.now() };
    this.fault.value = keepDraft(this.name, draft) ?? this.fault.peek();
  }

  discard(): void {
    this.replaceText(this.base.peek().text);
    this.keep();
  }

  /** Saves the text if the key has not been changed. Resolves with whether it is saved; `fault` or `conflict` says why not. */
  async save(): Promise<boolean> {
    if (this.isSaving.peek()) return false;
    const { index, flags, ends } = this.base.peek();
    const text = this.text.peek();
    const body = new TextEncoder().encode(fromField(text, ends));
    this.fault.value = this.#faultOfText(text, body.length);
    if (this.fault.peek() !== undefined) return false;
    this.isSaving.value = true;
    const outcome = await write("PUT", `${apiPathOf(this.name)}?cas=${index}&flags=${flags}`, body);
    this.isSaving.value = false;
    if ("failure" in outcome) {
      this.fault.value = outcome.failure.text;
      this.keep();
      return false;
    }
    return outcome.answer.value === true ? this.#saved(text) : this.#lost(text);
  }

  #faultOfText(text: string, bytes: number): string | undefined {
    if (hasMarks(text)) return "The text has marks of a merge (<<<<<<< and >>>>>>>): settle these places first.";
    if (bytes <= editedBytesMax) return undefined;
    return `The value has ${sizeText(bytes)}, and the agent takes ${sizeText(editedBytesMax)} at most.`;
  }

  async #saved(text: string): Promise<boolean> {
    const now = await readPair(this.name);
    const isMine = "theirs" in now && now.theirs.base.text === text && !now.theirs.isGone;
    // With another value than the own one the index stays that of the old base: the next save finds the conflict.
    this.base.value = isMine ? now.theirs.base : { ...this.base.peek(), text };
    this.savedIndex.value = isMine ? now.theirs.base.index : 0;
    this.conflict.value = undefined;
    this.keep();
    return true;
  }

  async #lost(text: string): Promise<boolean> {
    const now = await readPair(this.name);
    if ("fault" in now) {
      this.fault.value = now.fault;
      return false;
    }
    // The answer to an earlier attempt was lost, but the attempt was not.
    if (!now.theirs.isGone && now.theirs.base.text === text) return this.#saved(text);
    this.conflict.value = now.theirs;
    return false;
  }

  /** Shows what another has written, before a save finds it. */
  async compare(): Promise<void> {
    const now = await readPair(this.name);
    if ("fault" in now) this.fault.value = now.fault;
    else this.conflict.value = now.theirs;
  }

  /** Gives the own text up for theirs. */
  keepTheirs(): void {
    this.#settle((theirs) => theirs.text);
    this.keep();
  }

  /** Saves the own text over theirs, unless it changes once more. */
  putMine(): Promise<boolean> {
    this.#settle(() => this.text.peek());
    return this.save();
  }

  /** Merges both into the editor. Places that both have changed get marks. */
  mergeBoth(): void {
    const before = this.base.peek().text;
    this.#settle((theirs) => merge(before, this.text.peek(), theirs.text).text);
  }

  #settle(textOfTheirs: (theirs: Base) => string): void {
    const theirs = this.conflict.peek();
    if (!theirs) return;
    const text = textOfTheirs(theirs.base);
    this.base.value = theirs.base;
    this.conflict.value = undefined;
    this.replaceText(text);
  }
}

/** Reads the present value of a key, also that it is gone. */
async function readPair(name: string): Promise<{ readonly theirs: Theirs } | { readonly fault: string }> {
  const outcome = await readOnce(apiPathOf(name));
  if ("failure" in outcome && !isAbsence(outcome.failure)) return { fault: outcome.failure.text };
  const pair = "answer" in outcome ? pairOf(outcome.answer.value) : undefined;
  const base = baseOf(pair);
  if (!base) return { fault: "The key has now a value that is no text: nothing is saved over it." };
  return { theirs: { base, isGone: pair === undefined } };
}

/** Returns the pair of an answer of `v1/kv/KEY`. */
function pairOf(value: unknown): Pair | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the shape of this address
  return (value as readonly Pair[])[0];
}
