import { readFileSync } from "node:fs";
import { tableRows } from "../../test/docs/markdown-table.ts";

/** A request as a table of docs/api.md or docs/keeper.md has it. */
export interface Documented {
  readonly method: string;
  /** The path with its variable parts in angle brackets. */
  readonly path: string;
  /** The title of the section. */
  readonly section: string;
  readonly parameters: readonly DocumentedParameter[];
  /** Whether the request is what docs/api.md calls a read. */
  readonly isRead: boolean;
  readonly answer: string;
}

export interface DocumentedParameter {
  readonly name: string;
  /** The only value that has a meaning; undefined if there are others. */
  readonly value: string | undefined;
  readonly isRepeatable: boolean;
}

/** Reads the requests of a document: those of its tables, and what is below them. */
export function readRequests(file: string): readonly Documented[] {
  return readFileSync(file, "utf8")
    .split(/^## /m)
    .flatMap((section) => requestsOf(section.slice(0, section.indexOf("\n")), section));
}

function requestsOf(section: string, text: string): readonly Documented[] {
  const headings = [...text.matchAll(/^\| (request|below `[A-Z]+ [^`|]+`) +\|/gm)].map(([, heading = ""]) => heading);
  return [...new Set(headings)].flatMap((heading) => {
    const [, above = ""] = /^below `(.+)`$/.exec(heading) ?? [];
    return tableRows(text, heading).map(([request, parameters = "", answer = ""]) => {
      const [method = "", path = ""] = `${above}${request}`.split(/ (.*)/);
      return { method, path, section, answer, ...parametersOf(parameters) };
    });
  });
}

function parametersOf(cell: string): Pick<Documented, "isRead" | "parameters"> {
  const isRead = /^read\b/.test(cell);
  const parameters = [...cell.matchAll(/`([\w-]+)(?:=(\w+))?`((?:,? \(?repeatable\)?)?)/g)];
  return {
    isRead,
    parameters: parameters.map(([, name = "", value, repeatable]) => ({
      name,
      value,
      isRepeatable: repeatable !== "",
    })),
  };
}

/** A field of the body of a registration, as docs/api.md has it. */
interface DocumentedField {
  readonly names: readonly string[];
  readonly type: string;
  readonly meaning: string;
}

/** Reads the fields of a table of docs/api.md: "field of a service" or "field of a check". */
export function readFields(heading: string): readonly DocumentedField[] {
  return tableRows(readFileSync("docs/api.md", "utf8"), heading).map(([cell, type = "", , meaning = ""]) => ({
    names: cell.match(/\b[A-Z]\w+/g) ?? [],
    type,
    meaning,
  }));
}
