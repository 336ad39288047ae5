import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packFiles, sha256Sums } from "../../../test/support/archive.ts";
import { startCannedAgent } from "../../../test/support/canned-agent.ts";
import { type CommandRun, runCommandWith } from "../../../test/support/command-io.ts";
import { measureFile, packArchive } from "../../lib/checked-archive.ts";
import { snapshotInspectCommand } from "./snapshot-inspect.ts";
import { snapshotRestoreCommand } from "./snapshot-restore.ts";
import { snapshotSaveCommand } from "./snapshot-save.ts";

const meta = { Version: 1, ID: "2-25-1795364205619", Index: 25, Term: 2, Size: 300_000 };
const state = Buffer.alloc(meta.Size, "state");

async function snapshot(): Promise<Buffer> {
  const files = [
    await measureFile("meta.json", () => [Buffer.from(JSON.stringify(meta))]),
    await measureFile("state.bin", () => [state]),
  ];
  return Buffer.from(await new Response(packArchive(files, new Date(0))).arrayBuffer());
}

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "snapshot-command-"))));
afterAll(() => rmSync(folder, { recursive: true }));

/** Returns the path of a snapshot in a new folder; writes `content` to that path if it is given. */
function place(content?: Uint8Array): string {
  const path = join(mkdtempSync(join(folder, "-")), "backup.snap");
  if (content) writeFileSync(path, content);
  return path;
}

const beside = (path: string): readonly string[] => readdirSync(join(path, ".."));

describe("snapshot save", () => {
  async function save(path: string, body: Uint8Array): Promise<CommandRun> {
    const headers = { "X-Consul-Index": "25" };
    using agent = startCannedAgent(() => new Response(new Uint8Array(body), { headers }));
    return await runCommandWith(snapshotSaveCommand, [path], { env: { CONSUL_HTTP_ADDR: agent.url } });
  }

  test("writes one file that only the owner can read", async () => {
    const path = place();
    const archive = await snapshot();
    const saved = await save(path, archive);
    expect(saved).toEqual({ code: 0, stdout: "Saved and verified snapshot to index 25\n", stderr: "" });
    expect(readFileSync(path).equals(archive)).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(beside(path)).toEqual(["backup.snap"]);
  });

  test("keeps the snapshot of an earlier run and leaves no other file if the answer is damaged or incomplete", async () => {
    const path = place(Buffer.from("the last one"));
    const archive = await snapshot();
    const damaged = [archive.subarray(0, 100), archive.subarray(0, -4), Buffer.of(), Buffer.from("<html>")];
    for (const body of damaged) {
      const { code, stdout, stderr } = await save(path, body);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toStartWith("Error verifying snapshot: ");
      expect(readFileSync(path, "utf8")).toBe("the last one");
      expect(beside(path)).toEqual(["backup.snap"]);
    }
  });

  test("reports a connection that closes before the end of the answer", async () => {
    const path = place();
    const head = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
    const data = (socket: Bun.Socket): void => void socket.end(`${head}the beginning`);
    using agent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data } });
    const env = { CONSUL_HTTP_ADDR: `127.0.0.1:${agent.port}` };
    const { code, stderr } = await runCommandWith(snapshotSaveCommand, [path], { env });
    expect(code).toBe(1);
    expect(stderr).toStartWith("Error saving snapshot: the answer broke off after ");
    expect(beside(path)).toEqual([]);
  });

  test("refuses to write to a device, to a folder, or into a missing folder", async () => {
    const archive = await snapshot();
    expect((await save("/dev/null", archive)).stderr).toBe(
      "Error writing snapshot file: /dev/null is not a regular file\n",
    );
    expect((await save(folder, archive)).stderr).toContain("is a directory");
    expect((await save(join(folder, "none/backup.snap"), archive)).stderr).toContain("no such file or directory");
  });
});

describe("snapshot inspect", () => {
  const inspect = (...args: readonly string[]): Promise<CommandRun> => runCommandWith(snapshotInspectCommand, args);

  test("prints a snapshot's metadata without an agent", async () => {
    const path = place(await snapshot());
    const lines = [
      ["ID           2-25-1795364205619", "Size         300000", "Index        25"],
      ["Term         2", "Version      1", "", ""],
    ];
    expect(await inspect(path)).toEqual({ code: 0, stdout: lines.flat().join("\n"), stderr: "" });
  });

  test("-format=json prints the metadata as JSON", async () => {
    const { stdout } = await inspect("-format=json", place(await snapshot()));
    expect(JSON.parse(stdout)).toEqual(meta);
  });

  test.each([
    ["a file missing", ["meta.json"], "the file state.bin is missing"],
    ["a file too many", ["meta.json", "state.bin", "more"], 'it has an unexpected file "more"'],
  ])("refuses a snapshot with %s", async (_what, files, reason) => {
    const contents = files.map((name): [string, string] => [name, name === "meta.json" ? "{}" : name]);
    const archive = await packFiles([...contents, ["SHA256SUMS", sha256Sums(contents)]]);
    const { code, stderr } = await inspect(place(archive));
    expect(code).toBe(1);
    expect(stderr).toContain(reason);
  });
});

describe("snapshot restore", () => {
  test("sends the file unchanged", async () => {
    const path = place(await snapshot());
    using agent = startCannedAgent(() => new Response());
    const env = { CONSUL_HTTP_ADDR: agent.url };
    const restored = await runCommandWith(snapshotRestoreCommand, [path], { env });
    expect(restored).toEqual({ code: 0, stdout: "Restored snapshot\n", stderr: "" });
    expect(agent.requests[0]).toMatchObject({ method: "PUT", target: "/v1/snapshot" });
    expect(agent.requests[0]?.headers.get("Content-Length")).toBe(String(readFileSync(path).length));
  });

  test("sends no request if the file is damaged", async () => {
    const archive = await snapshot();
    archive[archive.length >> 1] = (archive[archive.length >> 1] ?? 0) ^ 4;
    using agent = startCannedAgent(() => new Response());
    const env = { CONSUL_HTTP_ADDR: agent.url };
    const { code, stderr } = await runCommandWith(snapshotRestoreCommand, [place(archive)], { env });
    expect(code).toBe(1);
    expect(stderr).toStartWith("Error verifying snapshot: ");
    expect(agent.requests).toEqual([]);
  });
});
