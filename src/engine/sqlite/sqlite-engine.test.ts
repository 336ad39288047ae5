import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeEngine } from "../engine.suite.ts";
import { openSqliteEngine } from "./sqlite-engine.ts";

describeEngine("sqlite", () => {
  const folder = mkdtempSync(join(tmpdir(), "praetor-engine-"));
  return { open: () => openSqliteEngine({ folder }), remove: () => rmSync(folder, { recursive: true }) };
});
