import { errorKind } from "./error-kind.ts";
import type { RecordingServers, SeenRequest } from "./recording-servers.ts";

/** Variables and flags (with a dash) of a command; values in the form of RecordingServers.expand. */
export type Given = ReadonlyMap<string, string>;

/** The outcome: the requests that were answered, or why there was none. */
export interface Outcome {
  readonly requests?: readonly SeenRequest[];
  readonly error?: string;
  /** Variables about whose value the command complained before it went on without them. */
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

/** The arguments and variables of a case. */
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
