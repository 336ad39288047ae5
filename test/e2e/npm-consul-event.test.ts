import { expect, test } from "bun:test";
import { unique } from "../support/conformance.ts";
import { npmConsul, refusalOf } from "../support/npm-consul.ts";
import { within } from "../support/within.ts";

const consul = await npmConsul();
const { event } = consul;
/** Time limit for events to be listed, in milliseconds. Consul's events return to their sender through the gossip. */
const soonMs = 5_000;

test("an event is fired with its filters and listed with its payload", async () => {
  const name = unique("npm-event");
  const fired = await event.fire({ name, payload: "4.2", node: "node1", service: "consul", tag: "t" });
  expect(fired).toMatchObject({
    Name: name,
    Payload: "4.2",
    NodeFilter: "node1",
    ServiceFilter: "consul",
    TagFilter: "t",
    Version: 1,
    LTime: 0,
  });
  expect(fired.ID).toMatch(/^[0-9a-f-]{36}$/);
});

test("an event without a payload is fired by its name, and is in the list of events of that name", async () => {
  const name = unique("npm-event");
  const { ID } = await event.fire(name);
  const second = await event.fire(name, Buffer.from([1, 255]));
  await within(soonMs, async () => expect(await event.list(name)).toHaveLength(2));
  expect(await event.list({ name })).toMatchObject([
    { ID, Name: name, Payload: null as never },
    { ID: second.ID, Name: name },
  ]);
  const others = await event.list(unique("npm-event"));
  expect(others).toEqual([]);
});

test("an event with an invalid filter is refused", async () => {
  expect(await refusalOf(event.fire({ name: unique("npm-event"), payload: "", node: "[" }))).toEqual({
    status: 500,
    body: "Invalid node filter: error parsing regexp: missing closing ]: `[`",
  });
});
