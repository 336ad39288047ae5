/** The numbers of passed, failed and skipped tests of a run. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  /** The full name of each failed test of the report. */
  readonly failures: readonly string[];
  /** The full name of each skipped test, which includes the reason. */
  readonly skipped: readonly string[];
}

/** Counts the tests in a JUnit report of `bun test --reporter=junit`. */
export function countTests(report: string): TestCounts {
  let passed = 0;
  const failures: string[] = [];
  const skipped: string[] = [];
  for (const [, attributes = "", body = ""] of report.matchAll(/<testcase ([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)) {
    if (body.includes("<skipped")) skipped.push(nameOf(attributes));
    else if (body.includes("<failure") || body.includes("<error")) failures.push(nameOf(attributes));
    else passed += 1;
  }
  return { passed, failed: failures.length, failures, skipped };
}

function nameOf(attributes: string): string {
  const [className, name] = ["classname", "name"].map((key) =>
    unescapeXml(new RegExp(`(?:^|\\s)${key}="([^"]*)"`).exec(attributes)?.[1] ?? ""),
  );
  return className === "" ? `${name}` : `${className} > ${name}`;
}

const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replaceAll(/&(\w+);/g, (entity, name: string) => entities[name] ?? entity);
}
