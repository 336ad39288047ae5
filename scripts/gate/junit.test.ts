import { expect, test } from "bun:test";
import { countTests } from "./junit.ts";

const report = `<testsuites name="bun test" tests="4" failures="1" skipped="1">
  <testsuite name="a.test.ts">
    <testcase name="a &lt;b&gt; holds" classname="outer" time="0.1" assertions="1" />
    <testcase name="needs &quot;redis&quot;" classname="outer" time="0">
      <skipped />
    </testcase>
    <testcase name="breaks" classname="">
      <failure type="AssertionError" message="expected">1 &gt; 2</failure>
    </testcase>
    <testcase name="holds" classname="" time="0" />
  </testsuite>
</testsuites>`;

test("each test of a JUnit report is counted once, and failed and skipped tests are listed by name", () => {
  expect(countTests(report)).toEqual({
    ...{ passed: 2, failed: 1, failures: ["breaks"] },
    skipped: ['outer > needs "redis"'],
  });
});
