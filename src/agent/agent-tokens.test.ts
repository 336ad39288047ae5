import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "../lib/log.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { AgentTokens, type AgentTokenSecrets } from "./agent-tokens.ts";

const none: AgentTokenSecrets = { default: "", agent: "", agent_master: "", replication: "" };
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tokens-"));
  folders.push(folder);
  return folder;
}

function openTokens(configured: Partial<AgentTokenSecrets>, folder?: string): { tokens: AgentTokens; lines: string[] } {
  const lines: string[] = [];
  const log = createLog(
    { level: "info", json: false, clock: new FakeClock(), sink: (line) => void lines.push(line) },
    "acl",
  );
  return { tokens: new AgentTokens({ ...none, ...configured }, { folder, log }), lines };
}

test("a token that a request gave counts more than the configuration's, until it is set to nothing", () => {
  const { tokens } = openTokens({ default: "configured" });
  expect(tokens.default).toBe("configured");
  tokens.give("default", "given");
  expect(tokens.default).toBe("given");
  tokens.reload({ ...none, default: "other" });
  expect(tokens.default).toBe("given");
  tokens.give("default", "");
  expect(tokens.default).toBe("other");
});

test("given tokens are kept in Consul's file, which only its owner may read, and hold after a restart", () => {
  const folder = newFolder();
  const path = join(folder, "acl-tokens.json");
  const { tokens } = openTokens({}, folder);
  tokens.give("agent_master", "m");
  tokens.give("default", "d");
  tokens.give("default", "");
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ agent_master: "m" });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const { tokens: again, lines } = openTokens({ agent_master: "c" }, folder);
  expect(again.agentMaster).toBe("m");
  expect(lines.join("\n")).toContain(
    '"agent_master" token present in both the configuration and persisted token store, using the persisted token',
  );
});

test("without a folder a token is kept in memory only, and a damaged file is an error that names it", () => {
  const folder = newFolder();
  openTokens({}).tokens.give("default", "d");
  expect(openTokens({}, folder).tokens.default).toBe("");
  writeFileSync(join(folder, "acl-tokens.json"), "{");
  expect(() => openTokens({}, folder)).toThrow(join(folder, "acl-tokens.json"));
});
