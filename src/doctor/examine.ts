import { JsonRow } from "../client/json-row.ts";
import type { Facts, Finding } from "./facts.ts";
import type { ExaminedAgent } from "./examined-agent.ts";
import { gatherFacts } from "./gather.ts";
import { findingsIn } from "./rules.ts";

/** The result of an examination. */
export interface Report {
  readonly findings: readonly Finding[];
  /** The examinations that were not possible, each with its reason. */
  readonly notExamined: readonly string[];
  /** A phrase about the extent of the examination: "looked at 1 node ...". */
  readonly scope: string;
}

/** A report, and whether the agent shares this machine's files, so that the machine was examined, too. */
export interface Examination extends Report {
  readonly isHere: boolean;
}

/**
 * Examines an agent, and this machine if the agent runs on it.
 * @throws OperatingError if the agent does not answer agent/self
 */
export async function examine(agent: ExaminedAgent): Promise<Examination> {
  const { facts, isHere, notExamined } = await gatherFacts(agent);
  return { findings: findingsIn(facts), notExamined, scope: scopeOf(facts), isHere };
}

function scopeOf({ agent, nodes, services, checks }: Facts): string {
  const what = [counted(nodes.length, "node"), counted(services.length, "service"), counted(checks.length, "check")];
  return `looked at ${what.slice(0, 2).join(", ")} and ${what[2]} through ${agent.nodeName}`;
}

/** Returns the number and the noun, in the plural unless the number is 1. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** The JSON of a report, for programs. */
export interface ReportJson {
  readonly Findings: readonly {
    readonly Kind: string;
    readonly Where: string;
    readonly Problem: string;
    readonly Advice: string;
  }[];
  readonly NotLookedAt: readonly string[];
}

export function encodeReport({ findings, notExamined }: Report): ReportJson {
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

/** Decodes the findings that an agent has reported of itself. */
export function decodeReport(json: unknown): Pick<Report, "findings" | "notExamined"> {
  const report = new JsonRow(json);
  return {
    findings: report.rows("Findings").map((finding) => ({
      kind: finding.text("Kind"),
      where: finding.text("Where"),
      problem: finding.text("Problem"),
      advice: finding.text("Advice"),
    })),
    notExamined: report.texts("NotLookedAt"),
  };
}
