import { api } from "../../live/place.ts";
import type { LineEnds } from "./value.ts";

/*
 * Drafts: what a user has typed and not saved. They are kept in the browser, for each agent and key, so they outlive the page, the tab
 * and the agent. A secret is kept only if the user says so.
 */

/** The value on which an edit is based. */
export interface Base {
  /** ModifyIndex of the value; 0 for a key that does not exist. */
  readonly index: number;
  /** The text as a field has it, for the comparison with what others have written. */
  readonly text: string;
  readonly flags: number;
  readonly ends: LineEnds;
}

export interface Draft {
  readonly base: Base;
  readonly text: string;
  readonly atMs: number;
}

function placeOf(key: string): string {
  return `praetor-draft ${api.href} ${key}`;
}

/** Returns the draft of a key; undefined if no draft is kept. */
export function draftOf(key: string): Draft | undefined {
  const kept = localStorage.getItem(placeOf(key));
  if (kept === null) return undefined;
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- keepDraft has written it
    return JSON.parse(kept) as Draft;
  } catch {
    return undefined;
  }
}

/** Keeps a draft. Returns why it cannot be kept; undefined if it is. */
export function keepDraft(key: string, draft: Draft): string | undefined {
  try {
    localStorage.setItem(placeOf(key), JSON.stringify(draft));
    return undefined;
  } catch {
    return "The browser has no room for a draft: save before you leave the page.";
  }
}

export function dropDraft(key: string): void {
  localStorage.removeItem(placeOf(key));
}
