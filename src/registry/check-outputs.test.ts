import { expect, test } from "bun:test";
import { CheckOutputs } from "./check-outputs.ts";

test("an output that is forgotten is told of like one that is another now, and only then", () => {
  const outputs = new CheckOutputs();
  const told: string[] = [];
  outputs.onChange((node, service) => told.push(`${node}/${service}`));
  outputs.set({ node: "gw", id: "up", serviceName: "web" }, "fine");
  outputs.set({ node: "gw", id: "up", serviceName: "web" }, "fine");
  outputs.delete("gw", "up");
  outputs.delete("gw", "up");
  expect([told, outputs.get("gw", "up")]).toEqual([["gw/web", "gw/web"], undefined]);
});
