import { printable } from "../printable.ts";
import { bodyLines, bodyRows, serviceCells, type Size } from "./body.ts";
import { type Model, type Status, statuses } from "./model.ts";
import type { View } from "./view.ts";

/** What stands above the list. */
export interface Heading {
  /** Of the agent. */
  readonly url: string;
  /** Why what is shown may be old; "" when it is not. */
  readonly trouble: string;
}

/** The whole screen: `rows` lines, none wider than `columns`, with their colours. */
export function render(
  model: Model,
  size: Size,
  { view, heading }: { view: View; heading: Heading },
): readonly string[] {
  const widths = widthsFor(size.columns);
  const lines = bodyLines(model, view);
  const seen = lines.slice(view.offset, view.offset + bodyRows(size)).map((line, at) => {
    const text = fit(rowOf(line.cells, widths), size.columns);
    return view.offset + at === view.cursor.line ? reversed(text) : coloured(text, line.status);
  });
  const empty = lines.length > 0 ? [] : [view.filter === "" ? "No services." : "No services match the filter."];
  const body = [...seen, ...empty];
  while (body.length < bodyRows(size)) body.push("");
  return [
    ...[headingLine(model, size, heading), bold(fit(rowOf(titles, widths), size.columns))],
    ...[...body, footerLine(view, size, lines.length)],
  ].slice(0, size.rows);
}

/** The list as one table, for where no terminal is. */
export function renderOnce(model: Model): readonly (readonly string[])[] {
  return [titles, ...model.services.map((service) => serviceCells(service))];
}

const titles = ["STATUS", "SERVICE", "INSTANCES", "CHECKS", "ADDRESS"];

/** Of the columns; the service's name takes what is left. */
function widthsFor(columns: number): readonly number[] {
  const [status, instances, checks, address] = [11, 9, 6, 22];
  const gaps = 4 * gap.length;
  return [status, Math.max(columns - status - instances - checks - address - gaps, 12), instances, checks, address];
}

const gap = "  ";

/** The last cell of a row takes all that is left. */
function rowOf(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, at) => (at === cells.length - 1 ? cell : padded(fit(cell, widths[at] ?? 0), widths[at] ?? 0)))
    .join(gap);
}

function headingLine({ services }: Model, { columns }: Size, { url, trouble }: Heading): string {
  const counts = statuses
    .map((status) => ({ status, count: services.filter((service) => service.status === status).length }))
    .filter(({ count }) => count > 0)
    .map(({ status, count }) => `${count} ${status}`);
  const text = [`praetor top  ${url}`, `${services.length} services`, ...counts].join("  ");
  return trouble === "" ? bold(fit(text, columns)) : reversed(fit(printable(`${url}: ${trouble}`), columns));
}

function footerLine(view: View, { columns, rows }: Size, lines: number): string {
  if (view.isTyping) return fit(`/${view.filter}_  (enter keeps the filter, escape drops it)`, columns);
  const filter = view.filter === "" ? "/ filter" : `/${view.filter} (escape: all)`;
  const seen = bodyRows({ columns, rows });
  const range = lines > seen ? `  ${view.offset + 1}-${Math.min(view.offset + seen, lines)} of ${lines}` : "";
  return dim(
    fit(`q quit  ${filter}  s sort by ${view.sorting === "name" ? "status" : "name"}  enter checks${range}`, columns),
  );
}

/** As much of the text as is no wider, with an ellipsis where it was cut. */
export function fit(text: string, width: number): string {
  if (Bun.stringWidth(text) <= width) return text;
  let [cut, used] = ["", 0];
  for (const letter of text) {
    used += Bun.stringWidth(letter);
    if (used > width - 1) break;
    cut += letter;
  }
  return width > 0 ? `${cut}…` : "";
}

function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(width - Bun.stringWidth(text), 0));
}

function coloured(text: string, status: Status): string {
  switch (status) {
    case "passing":
      return text;
    case "warning":
    case "maintenance":
      return `\u001b[33m${text}\u001b[0m`;
    case "critical":
      return `\u001b[31m${text}\u001b[0m`;
  }
}

function reversed(text: string): string {
  return `\u001b[7m${text}\u001b[0m`;
}

function bold(text: string): string {
  return `\u001b[1m${text}\u001b[0m`;
}

function dim(text: string): string {
  return `\u001b[2m${text}\u001b[0m`;
}
