import { type CommandIo, mayColour } from "../command.ts";
import { wrap } from "../wrap.ts";
import { counted, type Report } from "../../doctor/examine.ts";
import { printable } from "../printable.ts";

const colours = { red: "\u001b[31m", bold: "\u001b[1m", dim: "\u001b[2m", off: "\u001b[0m" } as const;
const plain: Readonly<Record<keyof typeof colours, string>> = { red: "", bold: "", dim: "", off: "" };

/** Returns the report as text for people. */
export function formatReport(
  { findings, notExamined, scope }: Report,
  io: Pick<CommandIo, "isTerminal" | "env">,
): string {
  const { bold, dim, off } = io.isTerminal ? colours : plain;
  const red = mayColour(io) ? colours.red : bold;
  const inset = (text: string): string => (io.isTerminal ? wrap(printable(text), "    ") : `    ${printable(text)}\n`);
  const paragraphs = findings.map(
    ({ kind, where, problem, advice }) =>
      `${red}${kind}${off}  ${bold}${where}${off}\n${inset(problem)}${inset(`To do: ${advice}`)}\n`,
  );
  const gaps = notExamined.map((what) => `${dim}Not looked at: ${what}${off}\n`);
  const found = findings.length === 0 ? "Nothing found" : counted(findings.length, "finding");
  return `${paragraphs.join("")}${gaps.join("")}${found}; ${scope}.\n`;
}
