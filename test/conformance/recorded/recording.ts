import { join } from "node:path";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [field: string]: Json };

/** Returns a string unchanged, and any other value as JSON. */
export function plainText(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** A request and its answer, with names in place of what differs between runs. */
export interface Exchange {
  /** Method and path as in the script. */
  readonly request: string;
  /** The body as in the script. */
  readonly sent?: Json;
  /** The headers as in the script. */
  readonly with?: Readonly<Record<string, string>>;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The body of the answer: parsed if its type is JSON, else its text. */
  readonly body: Json;
  /** The whitespace in a JSON body: "pretty" with an indentation of four spaces; undefined without whitespace. */
  readonly layout?: "pretty" | "other";
}

export interface Recording {
  readonly consul: string;
  readonly recorded: string;
  readonly exchanges: readonly Exchange[];
}

/** The folder of the answers with which the tests compare: RECORDED_ANSWERS, by default the stored answers. */
const answersFolder: string = process.env["RECORDED_ANSWERS"] ?? join(import.meta.dir, "answers");

export async function readRecording(script: string, folder: string = answersFolder): Promise<Recording> {
  const file = Bun.file(join(folder, `${script}.json`));
  if (!(await file.exists())) throw new Error(`${file.name} is missing: write it with make record SCRIPTS=${script}`);
  return file.json();
}

/** Writes a recording with one line for each part of an exchange, so that a changed part is one changed line. */
export async function writeRecording(script: string, { exchanges, ...head }: Recording, folder: string): Promise<void> {
  const lines = exchanges.map((exchange) =>
    Object.entries(exchange)
      .map(([name, value]) => `      ${JSON.stringify(name)}: ${JSON.stringify(value)}`)
      .join(",\n"),
  );
  const fields = Object.entries(head).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)},\n`);
  const text = `{\n${fields.join("")}  "exchanges": [\n    {\n${lines.join("\n    },\n    {\n")}\n    }\n  ]\n}\n`;
  await Bun.write(join(folder, `${script}.json`), text);
}
