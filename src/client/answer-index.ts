import { OperatingError } from "../lib/errors.ts";
import type { HttpAnswer } from "./http.ts";

/**
 * What a blocking query waits on.
 * @throws OperatingError unavailable when there is none
 */
export function indexOfAnswer(answer: HttpAnswer): number {
  const header = answer.headers.get("X-Consul-Index");
  if (header !== null && /^[1-9]\d*$/.test(header)) return Number(header);
  const message = `the answer has ${header === null ? "no X-Consul-Index" : `X-Consul-Index ${header}`}: without it changes cannot be followed; does a proxy strip it?`;
  throw new OperatingError("unavailable", "answer-without-index", message);
}
