import { OperatingError } from "../lib/errors.ts";
import type { HttpAnswer } from "./http.ts";

/** As a number, which it is for everything but events. */
export function indexOfAnswer(answer: HttpAnswer): number {
  return Number(indexTextOfAnswer(answer));
}

/**
 * What a blocking query waits on.
 * @throws OperatingError unavailable when there is none
 */
export function indexTextOfAnswer(answer: HttpAnswer): string {
  const header = answer.headers.get("X-Consul-Index");
  if (header !== null && /^[1-9]\d*$/.test(header)) return header;
  const message = `the answer has ${header === null ? "no X-Consul-Index" : `X-Consul-Index ${header}`}: without it changes cannot be followed; does a proxy strip it?`;
  throw new OperatingError("unavailable", "answer-without-index", message);
}
