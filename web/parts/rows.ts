/*
 * Rows of a list for the keyboard. Each row has `data-row` with its number, and can have the focus. A windowed list keeps the rows beside
 * the one that has the focus in the document.
 */

/** Moves the focus to another row of the list that has it, or of the first list of the page. */
export function focusRow(step: 1 | -1): void {
  const now = document.activeElement?.closest<HTMLElement>("[data-row]");
  const next = now
    ? now.parentElement?.querySelector<HTMLElement>(`[data-row="${Number(now.dataset["row"]) + step}"]`)
    : document.querySelector<HTMLElement>("[data-row]");
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}
