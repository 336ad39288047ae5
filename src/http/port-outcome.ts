import type { PortOutcome } from "../ports/port-registrations.ts";
import { encodePortNotice, portChangedHeader, portChangedText } from "../wire/port-record.ts";
import { empty, json } from "./answers.ts";
import { HttpError } from "./http-error.ts";
import type { HttpRequest } from "./http-request.ts";

/**
 * The answer to a registration. Consul's is empty; clients that do not know of ports given anew pass over what is more.
 * @throws HttpError 409 when the service was refused
 */
export function answerPortOutcome(request: HttpRequest, outcome: PortOutcome): Response {
  if (outcome.kind === "refused") throw new HttpError(409, outcome.reason);
  const { change } = outcome;
  if (change === undefined) return empty();
  return json(request, encodePortNotice(change), { [portChangedHeader]: portChangedText(change) });
}
