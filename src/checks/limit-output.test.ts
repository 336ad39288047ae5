import { expect, test } from "bun:test";
import { OutputTail } from "../lib/output-tail.ts";
import { formatScriptOutput, limitReportedOutput } from "./limit-output.ts";

// Output of Consul 1.8.7 with OutputMaxSize 10 and `seq 1 100`.
test("a script's output that exceeds the limit begins with a note that it was truncated", () => {
  const tail = new OutputTail(10);
  for (let line = 1; line <= 100; line += 1) tail.write(Buffer.from(`${line}\n`));
  expect(formatScriptOutput(tail, 10)).toBe("Captured 10 of 292 bytes\n...\n98\n99\n100\n");
});

test("an output of a check that is as long as the limit is not truncated", () => {
  const tail = new OutputTail(4096);
  tail.write(Buffer.from("x".repeat(4096)));
  expect(formatScriptOutput(tail, 4096)).toBe("x".repeat(4096));
  expect(limitReportedOutput("x".repeat(4096), 4096)).toBe("x".repeat(4096));
});

test("the output that a service reports is limited in bytes, not in characters", () => {
  expect(limitReportedOutput("ééé", 4)).toBe("éé ... (captured 4 of 6 bytes)");
});
