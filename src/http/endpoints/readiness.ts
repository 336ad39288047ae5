import type { Readiness } from "../../registry/readiness.ts";
import { messageOf } from "../../lib/errors.ts";
import { json } from "../answers.ts";
import { HttpError } from "../http-error.ts";
import type { Endpoint } from "../route.ts";

export interface ReadinessParts {
  readonly readiness: Readiness;
}

/** Answers with 200 while the agent takes writes, else with 503 and the reason. */
export function getReady({ readiness }: ReadinessParts): Endpoint {
  return async (request) => {
    const reason = await readiness.whyNotReady();
    if (reason !== undefined) throw new HttpError(503, `not ready: ${reason}`);
    return json(request, { Ready: true });
  };
}

/** Answers with 200 while the agent runs and its storage thread answers, which a full disk does not change; else with 503. */
export function getLive({ readiness }: ReadinessParts): Endpoint {
  return async (request) => {
    try {
      await readiness.ping();
    } catch (error) {
      throw new HttpError(503, `not live: ${messageOf(error)}`);
    }
    return json(request, { Live: true });
  };
}
