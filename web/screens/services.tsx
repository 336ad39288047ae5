import type { JSX } from "preact";
import { useReading } from "../live/reading.ts";
import { Empty } from "../parts/empty.tsx";
import { PlainList } from "../parts/plain-list.tsx";
import { StatusMark } from "../parts/status.tsx";
import { Lasting } from "../parts/time.tsx";
import { useCalm } from "../parts/use-calm.ts";
import { useChanged } from "../parts/use-changed.ts";
import { useNarrow } from "../parts/use-narrow.ts";
import { WindowedList } from "../parts/windowed-list.tsx";
import { Frame } from "../shell/frame.tsx";
import { hrefOf, route } from "../shell/router.ts";
import { isOfEdgex } from "./edgex.ts";
import { MaintainSelected } from "./maintain-selected.tsx";
import type { Registration } from "./registrations.ts";
import { type ServiceRow, useServiceRows } from "./service-rows.ts";
import { isWanted, ServiceFilter } from "./service-filter.tsx";
import { type Selection, useSelection } from "./use-selection.ts";

const registerCommand = `curl -X PUT ${location.origin}/v1/agent/service/register -d '{"Name": "web", "Port": 8080}'`;

/** All services, EdgeX's first, worst first. The filter is in the address, so it belongs to this screen and can be sent. */
export function Services(): JSX.Element {
  const { rows, readings } = useServiceRows();
  const { query } = route.value;
  const found = rows.filter((row) => isWanted(row, query));
  const list = useCalm(itemsOf(found), { keyOf, question: query.toString() });
  const changed = useChanged(new Map(rows.map(({ name, status }) => [name, status])));
  const selection = useSelection(list.shown.map((item) => (isHeading(item) ? undefined : item.name)));
  const through = useThrough();
  const isNarrow = useNarrow();
  const rowOf = (item: Item): JSX.Element =>
    isHeading(item) ? (
      <h2 class="group">{headingOf(item)}</h2>
    ) : (
      <Row {...item} {...{ selection, isChanged: changed.has(item.name), through: through.get(item.name) }} />
    );
  const shared = { label: "Services", items: list.shown, keyOf, row: rowOf };
  return (
    <Frame title="Services" readings={readings} tools={<ServiceFilter rows={rows} />}>
      {rows.length === 0 && readings.every(({ value }) => value !== undefined) && (
        <Empty text="The services that register with this agent will be here." command={registerCommand} />
      )}
      {selection.isAny && <MaintainSelected {...{ selection, rows }} />}
      <div {...list.handlers}>
        <p class="hint" role="status">
          {found.length === rows.length ? `${rows.length} services` : `${found.length} of ${rows.length} services`}
          {list.changes > 0 && (
            <button type="button" onClick={list.settle}>
              {list.changes} changes
            </button>
          )}
        </p>
        {query.has("plain") ? <PlainList {...shared} /> : <WindowedList {...shared} rowHeight={isNarrow ? 76 : 44} />}
      </div>
      <Halted />
    </Frame>
  );
}

/** The line above a group of services. */
interface Heading {
  readonly group: string;
  readonly services: number;
  readonly critical: number;
}

type Item = Heading | ServiceRow;

function isHeading(item: Item): item is Heading {
  return "group" in item;
}

function keyOf(item: Item): string {
  return isHeading(item) ? `group ${item.group}` : `service ${item.name}`;
}

/** Returns the rows with EdgeX's services before the others, if there are both, each group with its heading. */
function itemsOf(rows: readonly ServiceRow[]): readonly Item[] {
  const edgex = rows.filter(({ name }) => isOfEdgex(name));
  if (edgex.length === 0 || edgex.length === rows.length) return rows;
  const others = rows.filter(({ name }) => !isOfEdgex(name));
  const withHeading = (group: string, members: readonly ServiceRow[]): readonly Item[] => {
    const critical = members.filter(({ status }) => status === "critical").length;
    return [{ group, services: members.length, critical }, ...members];
  };
  return [...withHeading("EdgeX", edgex), ...withHeading("Other services", others)];
}

function headingOf({ group, services, critical }: Heading): string {
  return `${group} (${services}${critical > 0 ? `, ${critical} critical` : ""})`;
}

interface RowProps extends ServiceRow {
  readonly selection: Selection;
  readonly isChanged: boolean;
  /** The name of the API that registered it, if that is worth a word. */
  readonly through: string | undefined;
}

function Row(props: RowProps): JSX.Element {
  const { name, status, instances, passing, reason, sinceMs, tags, selection, isChanged, through } = props;
  return (
    <div class={`service-row${isChanged ? " changed" : ""}`}>
      <label class="pick">
        <input
          type="checkbox"
          checked={selection.has(name)}
          onClick={({ shiftKey }) => selection.toggle(name, { isRange: shiftKey })}
        />
        <span class="unseen">Select {name}</span>
      </label>
      <StatusMark status={status} />
      <a href={hrefOf(`/services/${encodeURIComponent(name)}`)}>{name}</a>
      <span class="number" title="instances without a critical check, of all">
        {passing}/{instances}
      </span>
      <span class="reason">{reason}</span>
      <span class="since">{sinceMs !== undefined && <Lasting sinceMs={sinceMs} />}</span>
      <span class="tags">{[...tags, ...(through === undefined ? [] : [through])].join(", ")}</span>
    </div>
  );
}

const registrations = { path: "v1/praetor/registrations", topics: ["services"] } as const;

/** Returns the names of the services that core-keeper's API registered with this agent. A Consul does not know. */
function useThrough(): ReadonlyMap<string, string> {
  const { value = [] } = useReading<readonly Registration[]>(registrations);
  const keeper = value.filter(({ Through, Halted: isHalted }) => Through === "core-keeper" && isHalted !== true);
  return new Map(keeper.map(({ Service }) => [Service, "core-keeper"]));
}

/** The services that have deregistered with core-keeper's API: they are in no list of services, but core-keeper keeps them. */
function Halted(): JSX.Element | null {
  const { value = [] } = useReading<readonly Registration[]>(registrations);
  const halted = value.filter((each) => each.Halted).map(({ ID }) => ID);
  if (halted.length === 0) return null;
  return (
    <p class="hint">
      {halted.length} deregistered with core-keeper, which keeps the registration as HALT: {halted.join(", ")}
    </p>
  );
}
