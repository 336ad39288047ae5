import { describe, expect, test } from "bun:test";
import { checkerNames } from "../../src/edgex/checkers.ts";
import { definitionFiles } from "../../src/edgex/definitions.ts";
import { scriptArguments } from "../../src/edgex/scripts.ts";
import { isTestFile, readSourceFiles } from "../architecture/source-file.ts";
import { tableRows } from "./markdown-table.ts";

const [document] = await readSourceFiles("docs/edgex.md");
const text = document?.text ?? "";

describe("docs/edgex.md", () => {
  const rows = tableRows(text, "file");
  const shared = { isSecure: true, executable: ["praetor"], agentUrl: "" };
  const files = new Map(
    (["redis", "mongo"] as const)
      .flatMap((database) => definitionFiles({ ...shared, database }))
      .map(({ name, content }) => [name, JSON.parse(content) as Definition]),
  );

  test("lists every service definition with its service and its check", () => {
    expect(rows.map(([name]) => name).toSorted()).toEqual([...files.keys()].toSorted());
    for (const [name, service = "", checkedBy] of rows) {
      const defined = files.get(name)?.service;
      expect(service.replaceAll("`", "")).toBe(defined?.name ?? "");
      if (defined) expect(checkedBy).toBe(inWords(defined.checks[0]));
    }
  });

  test("names every checker script, and every script that is a symbolic link to the program", () => {
    expect(checkerNames.filter((name) => !text.includes(`\`praetor checker ${name}\``))).toEqual([]);
    expect([...scriptArguments.keys()].filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });

  test("names every environment variable that `praetor edgex`, `praetor checker` and `praetor health` read", async () => {
    const code = (
      await readSourceFiles(
        "src/{edgex,client}/**/*.ts",
        "src/cli/commands/{edgex,checker,health}*.ts",
        "src/config/environment.ts",
      )
    )
      // docs/bootstrap.md documents the environment variables of services, so they are excluded here.
      .filter(({ path }) => !isTestFile(path) && !path.startsWith("src/client/bootstrap/"))
      .map((file) => file.text)
      .join("\n");
    const read = new Set(code.match(/\b(?:EDGEX|PRAETOR|CONSUL|SECRETSTORE|MESSAGEBUS)_[A-Z_]+\b/g));
    expect(read.size).toBeGreaterThan(8);
    expect([...read].filter((name) => !text.includes(name))).toEqual([]);
  });
});

interface Definition {
  readonly service?: { readonly name: string; readonly checks: readonly Check[] };
}

interface Check {
  readonly tcp?: string;
  readonly http?: string;
  readonly args?: readonly string[];
  readonly interval: string;
}

function inWords(check: Check | undefined): string {
  const every = check?.interval === "1s" ? "every second" : `every ${check?.interval.replace(/s$/, " s")}`;
  if (check?.tcp !== undefined) return `TCP \`${check.tcp}\` ${every}`;
  if (check?.http !== undefined) return `HTTP \`${check.http}\` ${every}`;
  return `\`${check?.args?.slice(0, 3).join(" ")}\` ${every}`;
}
