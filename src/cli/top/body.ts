import { printable } from "../printable.ts";
import { type Model, type ShownInstance, type ShownService, type Status, statuses } from "./model.ts";

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export type Sorting = "name" | "status";

/** What decides which lines the list has. */
export interface Choice {
  readonly sorting: Sorting;
  readonly filter: string;
  /** Names of services whose checks are shown. */
  readonly open: ReadonlySet<string>;
}

/** One line of the list, without colours. */
export interface BodyLine {
  /** Names the line while others come and go: the service, or the service, "\0" and more. */
  readonly key: string;
  readonly service: string;
  readonly status: Status;
  readonly cells: readonly string[];
}

/** Two lines above the list, and one below. */
export function bodyRows({ rows }: Size): number {
  return Math.max(rows - 3, 1);
}

/** What the choice lets through, in its order. */
export function bodyLines(model: Model, choice: Choice): readonly BodyLine[] {
  const wanted = choice.filter.toLowerCase();
  const services = model.services.filter((service) => searchedIn(service).includes(wanted));
  const rank = ({ status }: ShownService): number => (choice.sorting === "status" ? statuses.indexOf(status) : 0);
  return services
    .toSorted((a, b) => rank(a) - rank(b))
    .flatMap((service) => [
      { key: service.name, service: service.name, status: service.status, cells: serviceCells(service) },
      ...(choice.open.has(service.name)
        ? service.instances.flatMap((instance) => instanceLines(service, instance))
        : []),
    ]);
}

function searchedIn({ name, instances }: ShownService): string {
  const words = instances.flatMap(({ node, endpoint, tags }) => [node, endpoint, ...tags]);
  return [name, ...words].join("\n").toLowerCase();
}

export function serviceCells({ name, status, instances }: ShownService): readonly string[] {
  const checks = instances.flatMap((instance) => instance.checks);
  const [first, ...more] = instances;
  const where = `${first?.endpoint ?? ""}${more.length > 0 ? ` +${more.length}` : ""}`;
  return [status, printable(name), share(instances), share(checks), printable(where)];
}

/** "2/3": of three, two are well. */
function share(items: readonly { readonly status: Status }[]): string {
  return `${items.filter(({ status }) => status === "passing").length}/${items.length}`;
}

function instanceLines(service: ShownService, instance: ShownInstance): readonly BodyLine[] {
  const key = `${service.name}\0${instance.node}\0${instance.id}`;
  const tags = instance.tags.length > 0 ? ` [${instance.tags.join(", ")}]` : "";
  const head = `  ${instance.id} on ${instance.node}${tags}`;
  const common = { service: service.name };
  const checks = instance.checks.map(({ id, name, status, reason }) => ({
    ...common,
    ...{ key: `${key}\0${id}`, status },
    cells: [status, `    ${printable(name || id)}: ${printable(reason) || "no output yet"}`],
  }));
  const { status, endpoint } = instance;
  const none = { ...common, key: `${key}\0`, status, cells: ["", "    no checks"] };
  return [
    { ...common, key, status, cells: [status, `  ${printable(head)}`, "", "", printable(endpoint)] },
    ...(checks.length > 0 ? checks : [none]),
  ];
}
