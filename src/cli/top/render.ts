import { type HealthStatus, healthStatuses } from "../../model/health-status.ts";
import { printable } from "../printable.ts";
import { type BodyLine, bodyLines, bodyRows, gap, type Size, statusWidth } from "./body.ts";
import type { Model, ShownService } from "./model.ts";
import type { View } from "./view.ts";

/** The content of the line at the top of the screen. */
export interface Heading {
  /** The agent's URL. */
  readonly url: string;
  /** Why the list may be stale; "" if the list is current. */
  readonly trouble: string;
  /** Time of the agent's last answer, in milliseconds since 1970. */
  readonly answeredMs: number;
}

export interface Shown {
  readonly view: View;
  readonly heading: Heading;
  /** The present time, in milliseconds since 1970. */
  readonly nowMs: number;
  /** Whether to colour lines by status. */
  readonly hasColours: boolean;
}

/** Renders the whole screen: `rows` lines, none wider than `columns`. */
export function render(model: Model, size: Size, shown: Shown): readonly string[] {
  const { view, heading, nowMs } = shown;
  const columns = columnsFor(size.columns);
  const lines = bodyLines(model, view, size);
  const isStale = heading.trouble !== "";
  const seen = lines.slice(view.offset, view.offset + bodyRows(size)).map((line, at) => {
    const text = fit(rowOf(line, { columns, nowMs, isStale }), size.columns);
    if (view.offset + at === view.cursor.line) return reversed(text);
    return isStale ? dim(text) : shown.hasColours ? coloured(text, line.status) : text;
  });
  const empty = lines.length > 0 ? [] : [view.filter === "" ? "No services." : "No services match the filter."];
  const body = (view.isHelpShown ? help : [...seen, ...empty]).map((line) =>
    view.isHelpShown ? fit(line, size.columns) : line,
  );
  while (body.length < bodyRows(size)) body.push("");
  const titles = columns.map(({ title, width }) => padded(title, width)).join(gap);
  return [
    ...[headingLine(model, size, heading), bold(fit(titles, size.columns))],
    ...[...body.slice(0, bodyRows(size)), footerLine(view, size, lines.length)],
  ].slice(0, size.rows);
}

interface ServerLines {
  readonly lines: readonly string[];
  /** Whether one more failure of a server would stop all writes. */
  readonly isAtRisk: boolean;
  readonly columns: number;
}

/** Returns the screen with the lines about the servers below the heading. */
export function withServers(
  [heading = "", ...rest]: readonly string[],
  { lines: [summary, ...lines], isAtRisk, columns }: ServerLines,
  { hasColours, heading: { trouble } }: Pick<Shown, "hasColours" | "heading">,
): readonly string[] {
  if (summary === undefined) return [heading, ...rest];
  const shown = fit(summary, columns);
  const first = isAtRisk ? (hasColours ? coloured(shown, "critical") : bold(shown)) : shown;
  const fitted = lines.map((line) => fit(line, columns));
  return [heading, ...[first, ...fitted].map((line) => (trouble === "" ? line : dim(line))), ...rest];
}

/** Renders the list once as a table, for outputs other than terminals. */
export function renderOnce(model: Model, nowMs: number): readonly (readonly string[])[] {
  const all = columnsFor(Infinity);
  return [
    all.map(({ title }) => title),
    ...model.services.map((service) => all.map(({ cell }) => cell(service, nowMs))),
  ];
}

const help = [
  "up, down, k, j      one line",
  "page up, page down  one screen",
  "home, end           first and last line",
  "enter, space        a service's checks",
  "/                   filter by name, node,",
  "                    address or tag",
  "escape              all services again",
  "s                   sort by status or by name",
  "?                   these keys",
  "q                   leave",
];

interface Column {
  readonly title: string;
  readonly width: number;
  /** Minimum width of a screen that shows the column, in columns of text. */
  readonly fromColumns: number;
  readonly cell: (service: ShownService, nowMs: number) => string;
}

const nameColumn = 1;
const nameWidthMin = 12;

const allColumns: readonly Column[] = [
  { title: "STATUS", width: statusWidth, fromColumns: 0, cell: ({ status }) => status },
  { title: "SERVICE", width: nameWidthMin, fromColumns: 0, cell: ({ name }) => printable(name) },
  { title: "INSTANCES", width: 9, fromColumns: 60, cell: ({ instances }) => share(instances) },
  {
    ...{ title: "CHECKS", width: 6, fromColumns: 50 },
    cell: ({ instances }) => share(instances.flatMap(({ checks }) => checks)),
  },
  { title: "SINCE", width: 5, fromColumns: 0, cell: ({ sinceMs }, nowMs) => formatAge(sinceMs, nowMs) },
  { title: "ADDRESS", width: 22, fromColumns: 76, cell: addressCell },
];

/** Returns the columns that fit into this width; the service's name takes the remaining width. */
function columnsFor(columns: number): readonly Column[] {
  const shown = allColumns.filter(({ fromColumns }) => columns >= fromColumns);
  const taken = shown.reduce((sum, { width }) => sum + width + gap.length, -gap.length);
  const more = Number.isFinite(columns) ? Math.max(columns - taken, 0) : 0;
  return shown.map((column, at) => (at === nameColumn ? { ...column, width: column.width + more } : column));
}

function addressCell({ instances: [first, ...more] }: ShownService): string {
  return printable(`${first?.endpoint ?? ""}${more.length > 0 ? ` +${more.length}` : ""}`);
}

/** Formats how many items pass: "2/3" if two of three do. */
function share(items: readonly { readonly status: HealthStatus }[]): string {
  return `${items.filter(({ status }) => status === "passing").length}/${items.length}`;
}

/** Formats the time since `sinceMs` as "12s", "5m", "3h" or "20d"; "" if unknown. */
function formatAge(sinceMs: number | undefined, nowMs: number): string {
  if (sinceMs === undefined) return "";
  const seconds = Math.max(Math.floor((nowMs - sinceMs) / 1_000), 0);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)}h` : `${Math.floor(seconds / 86_400)}d`;
}

interface RowOptions {
  readonly columns: readonly Column[];
  readonly nowMs: number;
  readonly isStale: boolean;
}

/** Renders a line; the status of a stale row ends in "?". */
function rowOf({ status, content, isContinued }: BodyLine, { columns, nowMs, isStale }: RowOptions): string {
  const statusCell = padded(isContinued ? "" : `${status}${isStale ? "?" : ""}`, statusWidth);
  if (typeof content === "string") return [statusCell, content].join(gap);
  const cells = columns.slice(1).map(({ cell, width }) => padded(fit(cell(content, nowMs), width), width));
  return [statusCell, ...cells].join(gap);
}

function headingLine({ services }: Model, { columns }: Size, { url, trouble, answeredMs }: Heading): string {
  if (trouble !== "") {
    const at = new Date(answeredMs).toTimeString().slice(0, 8);
    return reversed(fit(printable(`STALE, as of ${at}: ${trouble}`), columns));
  }
  const counts = healthStatuses
    .map((status) => ({ status, count: services.filter((service) => service.status === status).length }))
    .filter(({ count }) => count > 0)
    .map(({ status, count }) => `${count} ${status}`);
  return bold(fit([`praetor top  ${url}`, `${services.length} services`, ...counts].join("  "), columns));
}

function footerLine(view: View, { columns, rows }: Size, lines: number): string {
  if (view.isHelpShown) return dim(fit("any key goes back", columns));
  if (view.isTyping) return fit(`/${view.filter}_  (enter keeps the filter, escape drops it)`, columns);
  const filter = view.filter === "" ? "/ filter" : `/${view.filter} (escape: all)`;
  const seen = bodyRows({ columns, rows });
  const range = lines > seen ? `  ${view.offset + 1}-${Math.min(view.offset + seen, lines)} of ${lines}` : "";
  const sorting = view.sorting === "name" ? "status" : "name";
  return dim(fit(`q quit  ? keys  ${filter}  s sort by ${sorting}  enter checks${range}`, columns));
}

/**
 * Shortens a text to `width` columns, with an ellipsis at its end. Bun.sliceAnsi is not used, since it can exceed the width by
 * half of a double-width letter.
 */
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

function coloured(text: string, status: HealthStatus): string {
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
