import { eventFilterFault, isMeant } from "../../agent/event-filter.ts";
import type { Event } from "../../model/event.ts";
import { encodeEvent, eventTooLong } from "../../wire/event.ts";
import { json } from "../answers.ts";
import type { Api, Endpoint } from "../api.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import { bodyBytesMax } from "../limits.ts";
import { requireName } from "../parameters.ts";
import { parseWaiting, requireDatacenter } from "../query-options.ts";

export function fireEvent(api: Api): Endpoint {
  return async (request) => {
    requireName(request.rest, "Missing name");
    const event = await eventOf(request, api.random.uuid());
    const fault = eventFilterFault(event);
    if (fault !== undefined) throw new HttpError(500, fault);
    requireDatacenter(request.query, api.datacenter);
    const tooLong = eventTooLong(event, api.events.time);
    if (tooLong !== undefined) {
      throw new HttpError(500, `1 error occurred:\n\t* error broadcasting event to segment "": ${tooLong}\n\n`);
    }
    api.events.fire(event, { remember: isMeant(event, api.agent) });
    return json(request, encodeEvent(event));
  };
}

async function eventOf(request: HttpRequest, id: string): Promise<Event> {
  const { query } = request;
  return {
    id,
    name: request.rest,
    payload: await request.body(bodyBytesMax),
    nodeFilter: query.get("node") ?? "",
    serviceFilter: query.get("service") ?? "",
    tagFilter: query.get("tag") ?? "",
    time: 0,
  };
}

/** Consul: `node`, `service` and `tag` narrow what is fired; what is listed they do not. */
export function listEvents(api: Api): Endpoint {
  return async (request) => {
    const { events, clock, random } = api;
    // Consul: the index of a list is 64 bits of an id, and no number of JavaScript.
    const { waitMs } = parseWaiting(request.query);
    const name = request.query.get("name") ?? "";
    const index = BigInt(request.query.get("index") || "0");
    if (index > 0n) {
      const longest = Math.min(waitMs || api.waitLimits.maxMs, api.waitLimits.maxMs);
      const waited = longest + (random.uniform() * longest) / 16;
      await events.waitForOther(name, { index, waitMs: waited, signal: request.signal, clock });
    }
    const headers = { "X-Consul-Index": String(events.indexOf(name)) };
    return json(request, events.list(name).map(encodeEvent), headers);
  };
}
