import { type CommandIo, mayColour } from "../command.ts";
import { wrap } from "../wrap.ts";
import type { Facts, Finding } from "./facts.ts";

const colours = { red: "\u001b[31m", bold: "\u001b[1m", dim: "\u001b[2m", off: "\u001b[0m" } as const;
const plain: Readonly<Record<keyof typeof colours, string>> = { red: "", bold: "", dim: "", off: "" };

/** The result of `praetor doctor`. */
export interface Report {
  readonly findings: readonly Finding[];
  /** The examinations that were not possible, each with its reason. */
  readonly notExamined: readonly string[];
  /** A sentence about what was examined: "looked at 1 node ...". */
  readonly scope: string;
}

/** Returns the report as text for people. */
export function formatReport(
  { findings, notExamined, scope }: Report,
  io: Pick<CommandIo, "isTerminal" | "env">,
): string {
  const { bold, dim, off } = io.isTerminal ? colours : plain;
  const red = mayColour(io) ? colours.red : bold;
  const inset = (text: string): string => (io.isTerminal ? wrap(text, "    ") : `    ${text}\n`);
  const paragraphs = findings.map(
    ({ kind, where, problem, advice }) =>
      `${red}${kind}${off}  ${bold}${where}${off}\n${inset(problem)}${inset(`To do: ${advice}`)}\n`,
  );
  const gaps = notExamined.map((what) => `${dim}Not looked at: ${what}${off}\n`);
  const found = findings.length === 0 ? "Nothing found" : counted(findings.length, "finding");
  return `${paragraphs.join("")}${gaps.join("")}${found}; ${scope}.\n`;
}

export function scopeOf({ agent, nodes, services, checks }: Facts): string {
  const what = [counted(nodes.length, "node"), counted(services.length, "service"), counted(checks.length, "check")];
  return `looked at ${what.slice(0, 2).join(", ")} and ${what[2]} through ${agent.nodeName}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Returns the report as an object for programs, which the command prints as JSON. */
export function reportJson({ findings, notExamined }: Report): object {
  return {
    Findings: findings.map(({ kind, where, problem, advice }) => ({
      Kind: kind,
      Where: where,
      Problem: problem,
      Advice: advice,
    })),
    NotLookedAt: notExamined,
  };
}
