/**
 * A request such as "GET /v1/kv/a", alone or with a body and options. In path, body and headers, `{Field}` stands for
 * the value of this field (or header) in the newest answer that has it, and `{name.Field}` for the value in the answer
 * of the step with this name. A body other than text and bytes is sent as JSON; a text in it that is exactly one
 * `{Field}` becomes the value itself, which may be a number.
 */
export type Step = string | readonly [request: string, body?: unknown, more?: StepOptions];

interface StepOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** The name by which later steps refer to this step's answer. */
  readonly as?: string;
  /** A step that is taken while the agent holds this step's request. Its answer is recorded first. */
  readonly meanwhile?: Step;
}

/** Requests in order, to an agent that has just been started. */
export type Script = readonly Step[];

export interface ScriptRequest extends StepOptions {
  /** Method and path, as in the script. */
  readonly request: string;
  readonly body?: unknown;
}

export function requestOf(step: Step): ScriptRequest {
  if (typeof step === "string") return { request: step };
  const [request, body, more] = step;
  return { request, ...(body !== undefined && { body }), ...more };
}

/** Returns the number of a script's requests, including those of steps `meanwhile`. */
export function countRequests(script: Script): number {
  return script.reduce((count, step) => count + (requestOf(step).meanwhile === undefined ? 1 : 2), 0);
}
