import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Api, routes } from "../../src/http/routes.ts";
import { apiCheckNames } from "../../src/wire/check-fields.ts";
import { apiServiceNames } from "../../src/wire/service-definition.ts";
import { isTestFile, readSourceFiles } from "../architecture/source-file.ts";
import { expectedOutput, tourSteps } from "../support/console-blocks.ts";
import { Shell } from "../support/shell.ts";
import { startTarget } from "../support/target.ts";
import { tableRows } from "./markdown-table.ts";

const [document] = await readSourceFiles("docs/api.md");
const text = document?.text ?? "";
const rows = tableRows(text, "request");

/**
 * Returns all endpoints, each as its method and path. The test never calls the endpoints, so it passes an incomplete
 * Api.
 */
function requestsWith(ui: Partial<Api>): string[] {
  return routes(ui as Api).flatMap(({ path, methods }) => Object.keys(methods).map((method) => `${method} ${path}`));
}

describe("docs/api.md", () => {
  test("lists every path with its methods, and no other", () => {
    const ui = { contentPath: "/ui/", isReadOnly: false, pages: { read: () => Promise.resolve(undefined) } };
    // A path that ends in "/" includes every path below it. The document writes the variable end in angle brackets.
    const documented = rows.map(([request]) => request.replace(/<[^>]+>$/, ""));
    expect(documented.toSorted()).toEqual(requestsWith({ ui }).toSorted());
    const hidden = requestsWith({ ui: undefined }).filter((request) => !documented.includes(request));
    expect(hidden).toEqual([]);
  });

  test("names the variable part of every path that ends with one", () => {
    const open = rows.map(([request]) => request).filter((request) => /\/v1\/.*\/$/.test(request));
    expect(open).toEqual([]);
  });

  test("names every query parameter that the code reads", async () => {
    const files = (await readSourceFiles("src/http/**/*.ts")).filter(({ path }) => !isTestFile(path));
    const read = files.flatMap(({ text: code }) =>
      [...code.matchAll(/(?:query\.(?:get|has|all)|isSet)\((?:request, )?"([\w-]+)"\)/g)].map(([, name = ""]) => name),
    );
    const names = [...new Set(read)].toSorted();
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !new RegExp(`\`${name}[\`=]`).test(text))).toEqual([]);
  });

  test("marks exactly the endpoints that can block as blocking", async () => {
    const waits = rows.filter(([, parameters = ""]) => /\bread\b/.test(parameters)).map(([request]) => request);
    const able = /^GET \/v1\/(?:catalog|coordinate|health|internal\/ui|kv|praetor|query|session)\b/;
    expect(waits.filter((request) => !able.test(request))).toEqual([]);
    expect(waits).toHaveLength(32);
  });

  test("names `cached` at exactly the endpoints that heed it", () => {
    const heeding = routes({ ui: undefined } as Api).flatMap(({ path, consulCache }) => {
      return consulCache ? [`GET ${path}`] : [];
    });
    const named = rows.filter(([, parameters = ""]) => /`cached`/.test(parameters)).map(([request]) => request);
    const below = tableRows(text, "below `GET /v1/query/`").filter(([, parameters = ""]) =>
      /`cached`/.test(parameters),
    );
    expect(below.map(([path]) => path)).toEqual(["<id or name>/execute"]);
    expect([...named.map((request) => request.replace(/<[^>]+>$/, "")), "GET /v1/query/"].toSorted()).toEqual(
      heeding.toSorted(),
    );
  });

  test("names every field of a service and of a check", () => {
    const named = (heading: string): string[] =>
      tableRows(text, heading).flatMap(([names]) => names.match(/\b[A-Z]\w+/g) ?? []);
    expect(named("field of a service").toSorted()).toEqual([...apiServiceNames].toSorted());
    // "Args" is the only alias of a field that is in common use, so it is the only documented one.
    expect(named("field of a check").toSorted()).toEqual([...apiCheckNames, "Args"].toSorted());
  });
});

test("every command of docs/api.md prints the documented output, and each group of endpoints has an example", async () => {
  const folder = mkdtempSync(join(tmpdir(), "api-"));
  writeFileSync(join(folder, ".curlrc"), "silent\nshow-error\n");
  const agent = await startTarget();
  const shell = new Shell({ cwd: folder, env: { CURL_HOME: folder } });
  try {
    const [httpPort = 0, , , serverPort = 0] = agent.ports;
    for (const { command, output } of tourSteps(text).flatMap(({ commands }) => commands)) {
      const printed = await shell.run(command.replaceAll("127.0.0.1:8500", `127.0.0.1:${httpPort}`));
      const shown = printed.replaceAll(`:${serverPort}"`, ':8300"');
      if (!expectedOutput(output)(shown)) expect(`$ ${command}\n${shown}`).toBe(`$ ${command}\n${output.join("\n")}`);
    }
  } finally {
    await shell.stop();
    await agent.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  const groups = text.split(/^## /m).filter((group) => group.includes("| request"));
  expect(groups.length).toBeGreaterThan(14);
  expect(groups.filter((group) => !group.includes("$ curl")).map((group) => group.split("\n")[0])).toEqual([]);
});
