import { printable } from "../printable.ts";
import { type HealthStatus, healthStatuses } from "../../model/health-status.ts";
import type { Model, ShownInstance, ShownService } from "./model.ts";

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export type Sorting = "name" | "status";

/** How the user chose to show the list: its order, its filter and the expanded services. */
export interface Choice {
  readonly sorting: Sorting;
  readonly filter: string;
  /** Names of the expanded services, whose instances and checks the list shows. */
  readonly open: ReadonlySet<string>;
}

/** One line of the list, without colours. */
export interface BodyLine {
  /** Identifies the line across updates: the service's name, followed by "\0" and more for a line about an instance or check. */
  readonly key: string;
  readonly service: string;
  readonly status: HealthStatus;
  /** A service, which fills one cell in each column, or a text, which spans all columns after the status. */
  readonly content: ShownService | string;
  /** Whether this line continues the text of the line before. */
  readonly isContinued: boolean;
}

export const gap = "  ";
export const statusWidth = 12;

/** Returns the number of lines for the list: the screen has two lines above the list and one below. */
export function bodyRows({ rows }: Size): number {
  return Math.max(rows - 3, 1);
}

/** Returns the services that match the filter, sorted, as lines no wider than the screen. */
export function bodyLines(model: Model, choice: Choice, { columns }: Size): readonly BodyLine[] {
  const wanted = choice.filter.toLowerCase();
  const services = model.services.filter((service) => searchText(service).includes(wanted));
  const rank = ({ status }: ShownService): number => (choice.sorting === "status" ? healthStatuses.indexOf(status) : 0);
  return services
    .toSorted((a, b) => rank(a) - rank(b))
    .flatMap((service) => [
      { key: service.name, service: service.name, status: service.status, content: service, isContinued: false },
      ...(choice.open.has(service.name)
        ? service.instances.flatMap((instance) => instanceLines(service.name, instance, columns))
        : []),
    ]);
}

function searchText({ name, instances }: ShownService): string {
  const words = instances.flatMap(({ node, endpoint, tags }) => [node, endpoint, ...tags]);
  return [name, ...words].join("\n").toLowerCase();
}

function instanceLines(service: string, instance: ShownInstance, columns: number): readonly BodyLine[] {
  const { id, node, endpoint, tags, status, checks } = instance;
  const key = `${service}\0${node}\0${id}`;
  const tagged = tags.length > 0 ? ` [${tags.join(", ")}]` : "";
  const lines = (line: { key: string; status: HealthStatus }, text: string, indent: number): readonly BodyLine[] =>
    wrapped(printable(text), { width: columns - statusWidth - gap.length, indent }).map((content, at) => ({
      ...{ service, status: line.status, content, isContinued: at > 0 },
      key: at === 0 ? line.key : `${line.key}\0${at}`,
    }));
  return [
    ...lines({ key, status }, `${id} on ${node} at ${endpoint}${tagged}`, 2),
    ...checks.flatMap((check) =>
      lines(
        { key: `${key}\0${check.id}`, status: check.status },
        `${check.name || check.id}: ${check.reason || "no output yet"}`,
        4,
      ),
    ),
    ...(checks.length > 0 ? [] : lines({ key: `${key}\0`, status }, "no checks", 4)),
  ];
}

/**
 * Wraps a text to `width` columns, between words if possible. Returns the lines, each indented by `indent` columns, and each
 * after the first by two more.
 */
function wrapped(
  text: string,
  { width, indent }: { readonly width: number; readonly indent: number },
): readonly string[] {
  const lines: string[] = [];
  let line = " ".repeat(indent);
  let isEmpty = true;
  const end = (): void => {
    lines.push(line);
    line = " ".repeat(indent + 2);
    isEmpty = true;
  };
  const room = Math.max(width, indent + 4);
  for (const word of text.split(" ")) {
    if (!isEmpty && Bun.stringWidth(line) + 1 + Bun.stringWidth(word) > room) end();
    if (!isEmpty) line += " ";
    for (const letter of word) {
      if (Bun.stringWidth(line) + Bun.stringWidth(letter) > room) end();
      line += letter;
      isEmpty = false;
    }
  }
  return [...lines, line];
}
