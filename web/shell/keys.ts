import { signal, type Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { refresh } from "../live/reading.ts";
import { focusRow } from "../parts/rows.ts";
import { dialogue } from "./dialogues.ts";
import { go } from "./router.ts";
import type { Screen } from "./screen.ts";
import { nextTheme } from "./theme.ts";

/*
 * The keyboard map, as one table: the help dialogue shows it, and the page follows it. Single letters work only while the focus is
 * in no field, and can be switched off (WCAG 2.1.4). A screen adds its own keys with `useKeys`.
 */

export interface Key {
  /** As `KeyboardEvent.key` has it; two letters one after the other as "g s". */
  readonly keys: string;
  /** The action, as the help says it. */
  readonly does: string;
  readonly run: () => void;
}

const storageKey = "praetor-letters";
/** Whether single letters are shortcuts, kept in this browser. */
export const hasLetters: Signal<boolean> = signal(localStorage.getItem(storageKey) !== "off");

export function setLetters(isOn: boolean): void {
  hasLetters.value = isOn;
  if (isOn) localStorage.removeItem(storageKey);
  else localStorage.setItem(storageKey, "off");
}

/** The keys of the screen that is shown. */
export const screenKeys: Signal<readonly Key[]> = signal([]);

/** Returns the keys of the shell. */
export function shellKeys(screens: readonly Screen[]): readonly Key[] {
  return [
    { keys: "/", does: "search", run: focusSearch },
    ...screens.flatMap(({ key, title, pattern }) =>
      key === undefined ? [] : [{ keys: `g ${key}`, does: title, run: () => go(pattern) }],
    ),
    { keys: "j", does: "next row", run: () => focusRow(1) },
    { keys: "k", does: "previous row", run: () => focusRow(-1) },
    { keys: "r", does: "refresh", run: refresh },
    { keys: "t", does: "theme: system, light, dark", run: nextTheme },
    { keys: "?", does: "these keys", run: () => (dialogue.value = "help") },
  ];
}

/** Adds keys as long as a screen, or a part of it, is shown. */
export function useKeys(keys: readonly Key[]): void {
  useEffect(() => {
    screenKeys.value = [...screenKeys.peek(), ...keys];
    return () => void (screenKeys.value = screenKeys.peek().filter((key) => !keys.includes(key)));
  }, []);
}

/** Focuses the search field of the screen, or else that of the shell. */
function focusSearch(): void {
  const field = document.querySelector<HTMLElement>("main [data-search]") ?? document.querySelector("[data-search]");
  if (field instanceof HTMLElement) field.focus();
}

/** Follows the table. The page calls it once. */
export function startKeys(ofShell: readonly Key[]): void {
  let first = "";
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const { target } = event;
    const isArrow = event.key === "ArrowDown" || event.key === "ArrowUp";
    if (isArrow && target instanceof Element && target.closest("[data-row]")) {
      event.preventDefault();
      focusRow(event.key === "ArrowDown" ? 1 : -1);
      return;
    }
    if (!hasLetters.peek() || isField(target) || document.querySelector("dialog[open]")) return;
    const typed = first === "" ? event.key : `${first} ${event.key}`;
    const all = [...screenKeys.peek(), ...ofShell];
    const found = all.find(({ keys }) => keys === typed);
    first = found === undefined && all.some(({ keys }) => keys.startsWith(`${event.key} `)) ? event.key : "";
    if (!found) return;
    event.preventDefault();
    found.run();
  });
}

function isField(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}
