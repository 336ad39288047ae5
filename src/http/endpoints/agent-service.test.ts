import { expect, test } from "bun:test";
import { serviceWith } from "../../../test/support/agent.ts";
import { startTestApi } from "../../../test/support/api.ts";

test("the list of the agent's services is current after each change, and is rendered once between two changes", async () => {
  const { ask, agent } = await startTestApi();
  let renderings = 0;
  const list = agent.services;
  Object.defineProperty(agent, "services", { get: () => ((renderings += 1), list) });
  const ids = async (): Promise<readonly string[]> => idsOf(await ask("/v1/agent/services"));
  const register = (id: string): Promise<void> => agent.registerService(serviceWith(id, []), { source: "api" });
  const told: (readonly string[])[] = [await ids()];
  for (const change of [() => register("b"), () => register("a"), () => agent.deregisterService("b")]) {
    await change();
    renderings = 0;
    told.push(await ids(), await ids(), await ids());
    expect(renderings).toBe(1);
  }
  expect(told).toEqual([[], ["b"], ["b"], ["b"], ["a", "b"], ["a", "b"], ["a", "b"], ["a"], ["a"], ["a"]]);
  agent.adoptTags("a", ["others'"]);
  expect(await (await ask("/v1/agent/services")).json()).toMatchObject({ a: { Tags: ["others'"] } });
});

test("a request for a filtered or indented list is not answered with the kept list", async () => {
  const { ask, agent } = await startTestApi();
  for (const id of ["a", "b"]) await agent.registerService(serviceWith(id, []), { source: "api" });
  const whole = await (await ask("/v1/agent/services")).text();
  expect(await idsOf(await ask(`/v1/agent/services?filter=${encodeURIComponent('ID == "a"')}`))).toEqual(["a"]);
  const indented = await (await ask("/v1/agent/services?pretty")).text();
  expect([indented.startsWith("{\n    "), JSON.parse(indented)]).toEqual([true, JSON.parse(whole)]);
});

async function idsOf(answer: Response): Promise<readonly string[]> {
  const services: unknown = await answer.json();
  return typeof services === "object" && services !== null ? Object.keys(services) : [];
}
