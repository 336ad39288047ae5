import type { Schema } from "./schema.ts";

/** The forms of a body: schemas by media type. */
export type Content = Readonly<Record<string, Schema>>;

/** The body and the answers of one method of a path. All errors have one form, so that no operation names them. */
export interface Operation {
  readonly body?: Content;
  /** Whether a request without a body is refused. Default: true. */
  readonly bodyRequired?: boolean;
  /** The answers by status; null for one without a body. Empty for a request that is always refused. */
  readonly answers: Readonly<Record<number, Content | null>>;
}

/** Operations by method and path, as docs/api.md writes them. */
export type Operations = Readonly<Record<string, Operation>>;

export const plainText = "text/plain";

export function json(schema: Schema): Content {
  return { "application/json": schema };
}

export function answers(schema: Schema): Operation {
  return { answers: { 200: json(schema) } };
}

export function takes(body: Schema, operation: Operation): Operation {
  return { body: json(body), ...operation };
}

export const answersNothing: Operation = { answers: { 200: null } };

/** A request of Consul's API to which Praetor has no other answer than an error. */
export const refused: Operation = { answers: {} };
