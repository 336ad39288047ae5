import type { JSX } from "preact";
import { plainRowsMax } from "../parts/plain-list.tsx";
import { route, setQuery } from "../shell/router.ts";
import type { ServiceRow } from "./service-rows.ts";

/** Maximum number of nodes or tags to choose from: the text finds the others. */
const choicesMax = 200;

/** The filter of the services: a text, a status, a node, a tag; all in the address. */
export function ServiceFilter({ rows }: { readonly rows: readonly ServiceRow[] }): JSX.Element {
  const { query } = route.value;
  return (
    <>
      <input
        type="search"
        data-search
        aria-label="Filter services"
        placeholder="Filter: name, tag, reason"
        value={query.get("q") ?? ""}
        onInput={({ currentTarget }) => setQuery("q", currentTarget.value)}
      />
      <Choice label="Status" name="status" choices={["critical", "maintenance", "warning", "passing"]} />
      <Choice label="Node" name="node" choices={distinct(rows.flatMap(({ nodes }) => nodes))} />
      <Choice label="Tag" name="tag" choices={distinct(rows.flatMap(({ tags }) => tags))} />
      <label class="check">
        <input
          type="checkbox"
          checked={query.has("plain")}
          onChange={({ currentTarget }) => setQuery("plain", currentTarget.checked ? "1" : "")}
        />
        <span
          title={`The first ${plainRowsMax} rows are in the page at once, for screen readers and the browser's search`}
        >
          plain list
        </span>
      </label>
    </>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly name: string;
  readonly choices: readonly string[];
}

/** A field with one choice, which is a parameter of the address; none if there is nothing to choose. */
function Choice({ label, name, choices }: ChoiceProps): JSX.Element | null {
  const value = route.value.query.get(name) ?? "";
  if (choices.length < 2 && value === "") return null;
  return (
    <select aria-label={label} value={value} onChange={({ currentTarget }) => setQuery(name, currentTarget.value)}>
      <option value="">{name === "status" ? "all" : `all ${name}s`}</option>
      {(choices.includes(value) || value === "" ? choices : [value, ...choices]).map((each) => (
        <option key={each}>{each}</option>
      ))}
    </select>
  );
}

function distinct(names: readonly string[]): readonly string[] {
  return [...new Set(names)].toSorted().slice(0, choicesMax);
}

/** Returns whether a row is what the filter wants: the status, the node, the tag, and each word in its name, tags or reason. */
export function isWanted({ name, tags, nodes, reason, status }: ServiceRow, query: URLSearchParams): boolean {
  const wanted = (parameter: string): string => query.get(parameter) ?? "";
  if (wanted("status") !== "" && wanted("status") !== status) return false;
  if (wanted("node") !== "" && !nodes.includes(wanted("node"))) return false;
  if (wanted("tag") !== "" && !tags.includes(wanted("tag"))) return false;
  const text = `${name} ${tags.join(" ")} ${reason}`.toLowerCase();
  return wanted("q")
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
