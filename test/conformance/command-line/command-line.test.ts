import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clientMissing, clientName, openClient } from "../../support/client.ts";
import { expectedOutput, type ShownCommand, shownIn } from "../../support/console-blocks.ts";
import { Shell } from "../../support/shell.ts";
import { startTarget, type Target } from "../../support/target.ts";
import { within } from "../../support/within.ts";
import { masked } from "./masked.ts";

/**
 * The test runs the commands of each document in this folder against a separate agent. A document shows commands, each
 * with its output, its error output ("2> ") and, if it is not 0, its exit code ("[1]"). Each section is a test. A
 * comment below a section's heading excludes the section: "not on praetor: the reason" or "not on consul: the reason"
 * from runs against that agent, "not by praetor: the reason" from runs of Praetor's command line. A comment before the
 * sections, "agent: ARGUMENTS", adds these arguments to the agent's command line.
 */
const documents = readdirSync(import.meta.dir).filter((name) => name.endsWith(".md"));
const missing = clientMissing();

if (missing === undefined) for (const name of documents) describe(name.replace(/\.md$/, ""), () => runDocument(name));
else test.skip(`the command line prints the output that its documents state (${missing})`, () => {});

interface Section {
  readonly title: string;
  /** The reason why the section is excluded with the present agent or command line; undefined if the section is run. */
  readonly omitted: string | undefined;
  readonly commands: readonly ShownCommand[];
}

const agentName = process.env["CONFORMANCE_TARGET"] === "consul" ? "consul" : "praetor";

/** Splits a document into the parts below its headings of the second level. */
function sectionsOf(markdown: string): readonly Section[] {
  return markdown
    .split(/^## /m)
    .slice(1)
    .map((text) => ({
      title: text.slice(0, text.indexOf("\n")),
      omitted: new RegExp(`^<!-- not (?:on ${agentName}|by ${clientName}): (.*) -->$`, "m").exec(text)?.[1],
      commands: shownIn(text),
    }));
}

function agentWordsOf(markdown: string): readonly string[] {
  return /^<!-- agent: (.*) -->$/m.exec(markdown)?.[1]?.split(" ") ?? [];
}

function runDocument(name: string): void {
  const folder = mkdtempSync(join(tmpdir(), "command-line-"));
  let target: Target;
  let shell: Shell;
  const client = openClient();
  const markdown = readFileSync(join(import.meta.dir, name), "utf8");
  beforeAll(async () => {
    target = await startTarget(...agentWordsOf(markdown));
    shell = new Shell({ cwd: folder, env: client.environment(target.url) });
  });
  afterAll(async () => {
    await shell.stop();
    await target.stop();
    client.close();
    rmSync(folder, { recursive: true });
  });
  for (const section of sectionsOf(markdown)) {
    const why = section.omitted === undefined ? "" : ` (not run: ${section.omitted})`;
    test.skipIf(section.omitted !== undefined)(`${section.title}${why}`, async () => {
      for (const shown of section.commands) await expectShown(shell, shown);
    });
  }
}

/**
 * Matches the commands that only read. A test repeats such a command until its output matches, because Consul's agent
 * updates the catalog with a delay.
 */
const reads = /^consul (catalog|maint$)/;
const soonMs = 5_000;

async function expectShown(shell: Shell, shown: ShownCommand): Promise<void> {
  const isExpected = expectedOutput(shown.output);
  await within(reads.test(shown.command) ? soonMs : 0, async () => {
    const printed = masked(await shell.run(withErrorsAndCode(shown.command)));
    if (!isExpected(printed))
      expect(`$ ${shown.command}\n${printed}`).toBe(`$ ${shown.command}\n${shown.output.join("\n")}\n`);
  });
}

function withErrorsAndCode(command: string): string {
  return `{ ${command}\n} 2>.errors; code=$?; sed 's/^/2> /' .errors; [ $code = 0 ] || echo "[$code]"`;
}
