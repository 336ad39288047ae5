import { expect, test } from "bun:test";
import { CheckOutputs } from "./check-outputs.ts";

test("the callbacks of onChange run when a check's output is changed or deleted, and at no other time", () => {
  const outputs = new CheckOutputs();
  const heard: string[] = [];
  outputs.onChange((node, service) => heard.push(`${node}/${service}`));
  outputs.set({ node: "gw", id: "up", serviceName: "web" }, "fine");
  outputs.set({ node: "gw", id: "up", serviceName: "web" }, "fine");
  outputs.delete("gw", "up");
  outputs.delete("gw", "up");
  expect([heard, outputs.get("gw", "up")]).toEqual([["gw/web", "gw/web"], undefined]);
});
