import { describe, expect, test } from "bun:test";
import { expectEmpty, expectError, get, put, sharedTarget } from "../support/conformance.ts";

await sharedTarget();

interface Member {
  readonly Name: string;
  readonly Addr: string;
  readonly Port: number;
  readonly Tags: Readonly<Record<string, string>>;
}

async function members(query = ""): Promise<readonly Member[]> {
  return (await get(`/v1/agent/members${query}`)).json as Member[];
}

describe("members of the WAN", () => {
  test("are listed when the request's parameter wan has any value except the empty one", async () => {
    const [lan] = await members();
    const { wan_join_port: port, ...tags } = lan?.Tags ?? {};
    for (const query of ["?wan=1", "?wan=0", "?wan=x"]) {
      expect(await members(query)).toEqual([{ ...lan, Name: "node1.dc1", Port: Number(port), Tags: tags } as Member]);
    }
    expect(await members("?wan")).toEqual(await members());
  });
});

describe("joining another agent", () => {
  test("succeeds and changes nothing when the address is this agent's", async () => {
    const [self] = await members();
    expectEmpty(await put(`/v1/agent/join/${self?.Addr}:${self?.Port}`));
    expectEmpty(await put(`/v1/agent/join/${self?.Addr}:${self?.Tags["wan_join_port"]}?wan=1`));
  });

  test("fails for an unknown host, and the error names the host", async () => {
    const answer = await put("/v1/agent/join/127.0.0.1:1");
    expect(answer.status).toBe(500);
    expect(answer.text).toStartWith("1 error occurred:\n\t* Failed to join 127.0.0.1: ");
    expect(answer.text).toEndWith("\n\n");
  });
});

describe("forcing a node to leave", () => {
  test("is an error when no node has this name", async () => {
    for (const [name, query] of [
      ["nosuch", ""],
      ["nosuch", "?prune"],
      ["", ""],
    ]) {
      expectError(await put(`/v1/agent/force-leave/${name}${query}`), {
        status: 500,
        text: `agent: No node found with name '${name}'`,
      });
    }
  });

  test("succeeds when the node is alive, and leaves the node alive", async () => {
    expectEmpty(await put("/v1/agent/force-leave/node1"));
    expect(await members()).toMatchObject([{ Name: "node1", Status: 1 }]);
  });
});

test("/v1/agent/version does not exist", async () => {
  expect((await get("/v1/agent/version")).status).toBe(404);
});
