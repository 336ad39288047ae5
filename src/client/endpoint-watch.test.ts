import { expect, test } from "bun:test";
import { startCannedAgent } from "../../test/support/canned-agent.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { within } from "../../test/support/within.ts";
import { watchEndpoint } from "./endpoint-watch.ts";
import { HttpClient } from "./http.ts";
import type { ServiceEndpoint } from "./service-endpoint.ts";

const serviceId = "edgex-core-metadata";

function row(id: string, address: string, port: number): object {
  return { Node: { Address: "192.0.2.1" }, Service: { ID: id, Service: serviceId, Address: address, Port: port } };
}

/**
 * Starts an agent and a watch of one of its services. The agent gives these answers in turn, each with the next index; undefined
 * stands for an answer with status 500.
 */
function startWatch(answers: readonly (readonly object[] | undefined)[]) {
  let at = 0;
  const agent = startCannedAgent(() => {
    if (at >= answers.length) return Promise.withResolvers<Response>().promise;
    const answer = answers[at++];
    if (answer === undefined) return new Response("No cluster leader", { status: 500 });
    return Response.json(answer, { headers: { "X-Consul-Index": `${10 + at}` } });
  });
  const clock = new FakeClock();
  const [received, errors]: [(ServiceEndpoint | undefined)[], string[]] = [[], []];
  const watch = watchEndpoint(new HttpClient({ baseUrl: agent.url, clock }), serviceId, {
    onEndpoint: (endpoint) => received.push(endpoint),
    onError: ({ message }) => errors.push(message),
  });
  return {
    ...{ agent, clock, received, errors },
    untilAsked: (count: number) => within(2_000, async () => expect(agent.requests).toHaveLength(count)),
    [Symbol.dispose]() {
      watch.stop();
      agent[Symbol.dispose]();
    },
  };
}

const [first, moved] = [row(serviceId, "10.0.0.7", 48081), row(serviceId, "10.0.0.7", 48181)];
const endpointAt = (host: string, port: number): ServiceEndpoint => ({ serviceId, host, port });

test("onEndpoint gets the present endpoint, and then one after each move, deregistration and new registration", async () => {
  using watched = startWatch([[], [first], [first], [moved], [], [moved]]);
  await watched.untilAsked(7);
  expect(watched.received).toEqual([
    undefined,
    endpointAt("10.0.0.7", 48081),
    endpointAt("10.0.0.7", 48181),
    undefined,
    endpointAt("10.0.0.7", 48181),
  ]);
  expect(watched.agent.requests.slice(0, 2).map(({ target }) => target)).toEqual([
    `/v1/health/service/${serviceId}`,
    `/v1/health/service/${serviceId}?index=11&wait=60000ms`,
  ]);
});

test("a watched endpoint belongs to the instance with the given ID, and its address defaults to the node's", async () => {
  using watched = startWatch([[row("other", "10.0.0.8", 1), row(serviceId, "", 48081)]]);
  await watched.untilAsked(2);
  expect(watched.received).toEqual([endpointAt("192.0.2.1", 48081)]);
});

test("an endpoint watch reports a lost agent as an error, not as a deregistration, and queries it again", async () => {
  using watched = startWatch([[first], undefined, undefined, [first], [moved]]);
  await watched.untilAsked(2);
  for (const [at, pauseMs] of [1_000, 2_000].entries()) {
    await within(2_000, async () => expect(watched.errors).toHaveLength(at + 1));
    await watched.clock.advance(pauseMs - 1);
    expect(watched.agent.requests).toHaveLength(at + 2);
    await watched.clock.advance(1);
    await watched.untilAsked(at + 3 + at * 2);
  }
  expect(watched.received).toEqual([endpointAt("10.0.0.7", 48081), endpointAt("10.0.0.7", 48181)]);
  expect(watched.errors[0]).toBe("Unexpected response code: 500 (No cluster leader)");
});
