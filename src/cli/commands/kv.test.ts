import { describe, expect, test } from "bun:test";
import { type CannedAgent, type CannedRequest, startCannedAgent } from "../../../test/support/canned-agent.ts";
import { type CommandRun, runCommandWith } from "../../../test/support/command-io.ts";
import type { Command, CommandIo } from "../command.ts";
import { kvGetCommand } from "./kv-get.ts";
import { kvImportCommand } from "./kv-import.ts";
import { kvPutCommand } from "./kv-put.ts";

function run(
  agent: CannedAgent,
  command: Command,
  args: readonly string[],
  io: Partial<CommandIo> = {},
): Promise<CommandRun> {
  return runCommandWith(command, args, { env: { CONSUL_HTTP_ADDR: agent.url }, ...io });
}

const entry = {
  LockIndex: 0,
  Key: "a",
  Flags: 0,
  Value: Buffer.from([0, 255, 10]).toString("base64"),
  CreateIndex: 3,
  ModifyIndex: 4,
};

describe("kv get", () => {
  test("prints a binary value byte for byte", async () => {
    using agent = startCannedAgent(() => Response.json([entry]));
    const printed: Uint8Array[] = [];
    await run(agent, kvGetCommand, ["a"], { stdout: (text) => void printed.push(Buffer.from(text)) });
    expect(Buffer.concat(printed)).toEqual(Buffer.from([0, 255, 10, 10]));
  });

  test("-format=json prints the agent's JSON, also with flags of 64 bits", async () => {
    const flags = "18446744073709551615";
    const body = JSON.stringify([entry]).replace('"Flags":0', `"Flags":${flags}`);
    using agent = startCannedAgent(() => new Response(body));
    const { stdout } = await run(agent, kvGetCommand, ["-recurse", "-format=json", "a"]);
    expect(stdout).toContain(`"Flags": ${flags}`);
    expect(JSON.parse(stdout)).toEqual([{ ...entry, Flags: Number(flags) }]);
  });

  test("-keys -format=json prints a list of names", async () => {
    using agent = startCannedAgent(() => Response.json(["a/", "b"]));
    const { stdout } = await run(agent, kvGetCommand, ["-keys", "-format=json"]);
    expect(JSON.parse(stdout)).toEqual(["a/", "b"]);
    expect(agent.requests[0]?.target).toBe("/v1/kv/?keys=&separator=%2F");
  });

  test("suggests a similar flag for a mistyped one", async () => {
    using agent = startCannedAgent(() => Response.json([entry]));
    const { code, stderr } = await run(agent, kvGetCommand, ["-recurze", "a"]);
    expect(code).toBe(1);
    expect(stderr).toBe(
      "flag provided but not defined: -recurze\n\nDid you mean -recurse? See 'praetor kv get --help'.\n",
    );
  });

  test("prints the agent's reason for an error", async () => {
    using agent = startCannedAgent(() => new Response("No cluster leader", { status: 500 }));
    const { code, stderr } = await run(agent, kvGetCommand, ["a"]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "Error querying Consul agent: Unexpected response code: 500 (No cluster leader)\n",
    });
  });
});

describe("kv put", () => {
  test("stores nothing if -base64 data is invalid", async () => {
    using agent = startCannedAgent(() => Response.json(true));
    const { code, stderr } = await run(agent, kvPutCommand, ["-base64", "a", "!"]);
    expect(code).toBe(1);
    expect(stderr).toBe("Error! Cannot base 64 decode data: illegal base64 data at input byte 0\n");
    expect(agent.requests).toEqual([]);
  });

  test("sends the given flags, datacenter and token", async () => {
    using agent = startCannedAgent(() => Response.json(true));
    await run(agent, kvPutCommand, ["-flags=0x10", "-datacenter=dc2", "-token=t", "a b/c?", "x"]);
    expect(agent.requests[0]).toMatchObject({ target: "/v1/kv/a%20b/c%3F?dc=dc2&flags=16", body: "x" });
    expect(agent.requests[0]?.headers.get("X-Consul-Token")).toBe("t");
  });

  test("exits with 1 if the agent refuses the write", async () => {
    using agent = startCannedAgent(() => Response.json(false));
    const { code, stderr } = await run(agent, kvPutCommand, ["-acquire", "-session=s", "a", "x"]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "Error! Did not acquire lock\n" });
  });
});

describe("kv import", () => {
  const tree = (keys: readonly string[]): string =>
    JSON.stringify(keys.map((key, at) => ({ key, value: btoa(String(at)) })));
  const names = Array.from({ length: 40 }, (_, at) => `k${at}`);

  test("stores no key if one entry of the file is invalid", async () => {
    using agent = startCannedAgent(() => Response.json(true));
    const { code, stderr } = await run(agent, kvImportCommand, ['[{"key":"a"},{"key":"b","value":"!"}]']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "Error base 64 decoding value for key b: illegal base64 data at input byte 0\n",
    });
    expect(agent.requests).toEqual([]);
  });

  test("prints the keys in order, with the given prefix", async () => {
    using agent = startCannedAgent(() => Response.json(true));
    const stdin = (): Promise<Uint8Array> => Promise.resolve(Buffer.from(tree(names)));
    const { code, stdout } = await run(agent, kvImportCommand, ["-prefix=/copy/", "-"], { stdin });
    expect(code).toBe(0);
    expect(stdout).toBe(names.map((name) => `Imported: copy/${name}\n`).join(""));
  });

  test("stores the later value of a key that occurs twice", async () => {
    const stored = new Map<string, string>();
    using agent = startCannedAgent(async ({ target, body }: CannedRequest) => {
      // Delays the first request, as a network may do.
      if (body === "0") await Bun.sleep(30);
      stored.set(target, body);
      return Response.json(true);
    });
    await run(agent, kvImportCommand, [tree(["a", "b", "a"])]);
    expect([...stored]).toEqual(expect.arrayContaining([["/v1/kv/a", "2"]]));
  });

  test("stops at the first key that the agent refuses, after it has printed the keys stored before", async () => {
    using agent = startCannedAgent(({ target }) =>
      target === "/v1/kv/k20" ? new Response("full", { status: 500 }) : Response.json(true),
    );
    const { code, stdout, stderr } = await run(agent, kvImportCommand, [tree(names)]);
    expect(code).toBe(1);
    expect(stderr).toBe("Error! Failed writing data for key k20: Unexpected response code: 500 (full)\n");
    expect(stdout).toContain("Imported: k19\n");
    expect(agent.requests.length).toBeLessThan(names.length);
  });

  test("shows progress on standard error if it is a terminal and standard output is not", async () => {
    using agent = startCannedAgent(() => Response.json(true));
    const shown = await run(agent, kvImportCommand, [tree(names)], { isErrorTerminal: true });
    expect(shown.stderr).toContain("Imported 16 of 40 keys");
    expect(shown.stderr).toEndWith("\r\u001b[K");
    const beside = await run(agent, kvImportCommand, [tree(names)], { isErrorTerminal: true, isTerminal: true });
    expect(beside.stderr).toBe("");
  });
});
