/**
 * A request as "GET /v1/kv/a", alone or with its body and more. In path, body and headers, `{Field}` stands for what the
 * newest answer with such a field (or header) said there, and `{name.Field}` for what the answer of the step of this
 * name said. A body that is neither text nor bytes is sent as JSON; a text in it that is a `{Field}` and nothing else
 * becomes the value itself, be it a number.
 */
export type Step = string | readonly [request: string, body?: unknown, more?: StepOptions];

interface StepOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** The name of this step, for those after it. */
  readonly as?: string;
  /** Sent while this request is waiting for a change; its answer is written down before this one's. */
  readonly meanwhile?: Step;
}

/** Sent one after the other to an agent that has just been started. */
export type Script = readonly Step[];

export interface ScriptRequest extends StepOptions {
  /** Method and path, as the script has them. */
  readonly request: string;
  readonly body?: unknown;
}

export function requestOf(step: Step): ScriptRequest {
  if (typeof step === "string") return { request: step };
  const [request, body, more] = step;
  return { request, ...(body !== undefined && { body }), ...more };
}

/** Those that are sent while others wait count, too. */
export function countRequests(script: Script): number {
  return script.reduce((count, step) => count + (requestOf(step).meanwhile === undefined ? 1 : 2), 0);
}
