import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startAclServer, type AclServer } from "../../../test/support/acl-server.ts";

let dataDir = "";
let server: AclServer;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "acl-bootstrap-"));
  server = await startAclServer({ dataDir });
});

afterEach(async () => {
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

interface Bootstrapped {
  readonly status: number;
  readonly text: string;
  readonly secret: string;
  readonly index: number;
}

async function bootstrap(): Promise<Bootstrapped> {
  const answer = await fetch(`${server.url}/v1/acl/bootstrap`, { method: "PUT" });
  const text = await answer.text();
  const body = answer.ok ? (JSON.parse(text) as { ID: string; ModifyIndex: number }) : { ID: "", ModifyIndex: 0 };
  return { status: answer.status, text, secret: body.ID, index: body.ModifyIndex };
}

async function statusFor(secret: string): Promise<number> {
  const answer = await fetch(`${server.url}/v1/acl/policies`, { headers: { "X-Consul-Token": secret } });
  await answer.text();
  return answer.status;
}

const resetPath = (): string => join(dataDir, "acl-bootstrap-reset");

describe("a second bootstrap", () => {
  test("is allowed once by the file with the index of the first, and the first token stays valid", async () => {
    const first = await bootstrap();
    writeFileSync(resetPath(), ` \n${first.index}\nby the operator`);
    const second = await bootstrap();
    expect([first.status, second.status, existsSync(resetPath())]).toEqual([200, 200, false]);
    expect([await statusFor(first.secret), await statusFor(second.secret)]).toEqual([200, 200]);
    expect((await bootstrap()).text).toBe(
      `Permission denied: ACL bootstrap no longer allowed (reset index: ${second.index})`,
    );
  });

  test("is refused while the file has another number, and the file stays", async () => {
    const { index } = await bootstrap();
    writeFileSync(resetPath(), "99");
    expect(await bootstrap()).toMatchObject({
      ...{ status: 500, text: `Invalid bootstrap reset index (specified 99, reset index: ${index})` },
    });
    expect(existsSync(resetPath())).toBe(true);
  });

  test("is refused while the file has no number, which the log says", async () => {
    const { index } = await bootstrap();
    writeFileSync(resetPath(), "x");
    expect(await bootstrap()).toMatchObject({
      ...{ status: 403, text: `Permission denied: ACL bootstrap no longer allowed (reset index: ${index})` },
    });
    expect(existsSync(resetPath())).toBe(true);
    expect(server.log.join("\n")).toContain("failed to parse bootstrap reset index path");
  });
});
