import { OperatingError } from "../lib/errors.ts";
import type { HttpAnswer } from "./http.ts";

/** Returns the index of an answer as a number. Only the index of events can exceed 53 bits, and so lose precision. */
export function indexOfAnswer(answer: HttpAnswer): number {
  return Number(indexTextOfAnswer(answer));
}

/**
 * Returns the index of an answer as text, for the next blocking query.
 * @throws OperatingError unavailable if the answer has no index
 */
export function indexTextOfAnswer(answer: HttpAnswer): string {
  const header = answer.headers.get("X-Consul-Index");
  if (header !== null && /^[1-9]\d*$/.test(header)) return header;
  const message = `the answer has ${header === null ? "no X-Consul-Index" : `X-Consul-Index ${header}`}: without it changes cannot be followed; does a proxy strip it?`;
  throw new OperatingError("unavailable", "answer-without-index", message);
}
