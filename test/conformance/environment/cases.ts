import { errorKind } from "./error-kind.ts";
import type { RecordingServers, SeenRequest } from "./recording-servers.ts";

/**
 * The values of a command's environment variables and flags by name; a flag's name begins with a dash.
 * RecordingServers.expand completes the values.
 */
export type Given = ReadonlyMap<string, string>;

/** The result of one run of a command: the requests that it sent, or the kind of error with which it failed. */
export interface Outcome {
  readonly requests?: readonly SeenRequest[];
  readonly error?: string;
  /** The variables that the command reported as invalid and then ignored. */
  readonly warnings?: readonly string[];
}

export interface Case {
  readonly given: Given;
  readonly outcome: Outcome;
}

export function outcomeOf(
  requests: readonly SeenRequest[],
  { code, stderr }: { readonly code: number; readonly stderr: string },
): Outcome {
  if (code !== 0) return { error: errorKind(stderr.trim()) };
  const warnings = [...new Set(stderr.matchAll(/could not parse (\w+)/g).map(([, name = ""]) => name))];
  return { requests, ...(warnings.length > 0 && { warnings: warnings.toSorted() }) };
}

export function caseText({ given, outcome }: Case): string {
  return JSON.stringify({ ...Object.fromEntries([...given].filter(([, value]) => value !== "")), outcome });
}

export function parseCase(line: string): Case {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by caseText
  const { outcome, ...given } = JSON.parse(line) as Record<string, string> & { outcome: Outcome };
  return { given: new Map(Object.entries(given)), outcome };
}

/** Returns the environment and the flags of a case, with the servers' ports and paths in their values. */
export function invocationOf(
  given: Given,
  servers: RecordingServers,
): { readonly env: Readonly<Record<string, string>>; readonly flags: readonly string[] } {
  const expanded = [...given]
    .filter(([, value]) => value !== "")
    .map(([name, value]) => [name, servers.expand(value)] as const);
  const flags = expanded.filter(([name]) => name.startsWith("-")).map(([name, value]) => `${name}=${value}`);
  return { env: Object.fromEntries(expanded.filter(([name]) => !name.startsWith("-"))), flags };
}
