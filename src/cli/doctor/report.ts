import { wrap } from "../wrap.ts";
import type { Gathered } from "./gather.ts";
import type { Facts, Finding } from "./facts.ts";

const colours = { red: "\u001b[31m", bold: "\u001b[1m", dim: "\u001b[2m", off: "\u001b[0m" } as const;
const plain: Readonly<Record<keyof typeof colours, string>> = { red: "", bold: "", dim: "", off: "" };

/** For people: each finding with what to do. */
export function formatReport(
  findings: readonly Finding[],
  gathered: Gathered,
  options: { isTerminal: boolean },
): string {
  const { red, bold, dim, off } = options.isTerminal ? colours : plain;
  const inset = (text: string): string => (options.isTerminal ? wrap(text, "    ") : `    ${text}\n`);
  const told = findings.map(
    ({ kind, where, problem, advice }) =>
      `${red}${kind}${off}  ${bold}${where}${off}\n${inset(problem)}${inset(`To do: ${advice}`)}\n`,
  );
  const unseen = gathered.unseen.map((what) => `${dim}Not looked at: ${what}${off}\n`);
  return `${told.join("")}${unseen.join("")}${summary(findings.length, gathered.facts)}\n`;
}

function summary(found: number, { agent, nodes, services, checks }: Facts): string {
  const what = [counted(nodes.length, "node"), counted(services.length, "service"), counted(checks.length, "check")];
  const looked = `looked at ${what.slice(0, 2).join(", ")} and ${what[2]} through ${agent.nodeName}`;
  return found === 0 ? `Nothing found; ${looked}.` : `${counted(found, "finding")}; ${looked}.`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** For programs. */
export function reportJson(findings: readonly Finding[], { unseen }: Gathered): object {
  return {
    Findings: findings.map(({ kind, where, problem, advice }) => ({
      Kind: kind,
      Where: where,
      Problem: problem,
      Advice: advice,
    })),
    NotLookedAt: unseen,
  };
}
