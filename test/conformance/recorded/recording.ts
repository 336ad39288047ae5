import { join } from "node:path";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [field: string]: Json };

/** A value that is written without the quotes of a text. */
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
  /** Parsed when the answer's type is JSON, else its text. */
  readonly body: Json;
  /** Whether JSON is written with whitespace. */
  readonly layout?: "pretty" | "other";
}

export interface Recording {
  readonly consul: string;
  readonly recorded: string;
  readonly exchanges: readonly Exchange[];
}

/** The folder of the stored answers, or of another set to compare with. */
const answersFolder: string = process.env["RECORDED_ANSWERS"] ?? join(import.meta.dir, "answers");

export async function readRecording(script: string, folder: string = answersFolder): Promise<Recording> {
  const file = Bun.file(join(folder, `${script}.json`));
  if (!(await file.exists())) throw new Error(`${file.name} is missing: write it with make record SCRIPTS=${script}`);
  return file.json();
}

/** One line for each part of an exchange: compact, and a changed answer is a changed line. */
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
