import { describe, expect, test } from "bun:test";
import { anonymousToken } from "../acl/builtin.ts";
import { everything, nothing } from "../acl/rights.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { OperatingError } from "../lib/errors.ts";
import { createLog } from "../lib/log.ts";
import { type AclPolicyRow, bareToken } from "../model/acl.ts";
import { AskedTokens, type DownPolicy, type TokenAnswer } from "./asked-tokens.ts";
import type { Grant } from "./token-source.ts";

const ttlMs = 30_000;
const indexes = { createIndex: 1, modifyIndex: 1 };

function policy(id: string, rules = ""): AclPolicyRow {
  return { id, name: id, description: "", rules, datacenters: [], ...indexes };
}

function grant(secretId: string, ...policies: readonly AclPolicyRow[]): Grant {
  return { token: { ...anonymousToken, ...bareToken, ...indexes, secretId }, roles: [], policies };
}

/** Tokens whose server answers with `answers`, and does not answer at all while it is down. */
function setUp(downPolicy: DownPolicy = "extend-cache") {
  const clock = new FakeClock();
  const answers = new Map<string, TokenAnswer>();
  const server = { isDown: false, hangs: false };
  const asked: string[] = [];
  const lines: string[] = [];
  const log = createLog({ level: "info", json: false, clock, sink: (line) => lines.push(line) }, "acl");
  const tokens = new AskedTokens({
    ...{ downPolicy, ttlMs, clock, log },
    async ask(secret) {
      asked.push(secret);
      if (server.hangs) await new Promise(() => {});
      await Promise.resolve();
      if (server.isDown) throw new OperatingError("unavailable", "no-servers", "No known Consul servers");
      return answers.get(secret) ?? "unknown";
    },
  });
  const found = async (secret: string) => {
    await tokens.refresh(secret);
    return tokens.find(secret);
  };
  return { clock, answers, server, asked, lines, tokens, found };
}

describe("what a server says about a secret", () => {
  test("holds for the time that is configured, for tokens and for secrets of none", async () => {
    const { clock, answers, asked, tokens, found } = setUp();
    answers.set("a", grant("a"));
    expect([await found("a"), await found("b")]).toEqual([grant("a"), undefined]);
    await clock.advance(ttlMs - 1);
    expect([tokens.refresh("a"), tokens.refresh("b")]).toEqual([undefined, undefined]);
    await clock.advance(1);
    answers.delete("a");
    answers.set("b", grant("b"));
    expect([await found("a"), await found("b")]).toEqual([undefined, grant("b")]);
    expect(asked).toEqual(["a", "b", "a", "b"]);
  });

  test("is asked for once by all requests that come meanwhile", async () => {
    const { answers, asked, tokens } = setUp();
    answers.set("a", grant("a"));
    await Promise.all([tokens.refresh("a"), tokens.refresh("a"), tokens.refresh("a")]);
    expect(asked).toEqual(["a"]);
  });

  test("has a new version only if it is another answer", async () => {
    const { clock, answers, tokens, found } = setUp();
    answers.set("a", grant("a", policy("p")));
    await found("a");
    const first = tokens.versionOf("a");
    await clock.advance(ttlMs);
    answers.set("a", grant("a", policy("p")));
    await found("a");
    expect(tokens.versionOf("a")).toBe(first);
    await clock.advance(ttlMs);
    answers.set("a", grant("a", policy("p", 'key "a" { policy = "read" }')));
    await found("a");
    expect(tokens.versionOf("a")).not.toBe(first);
  });

  test("has one row for a policy of several tokens, so that they share their rights", async () => {
    const { answers, found } = setUp();
    for (const secret of ["a", "b"]) answers.set(secret, grant(secret, policy("p")));
    const rows = [await found("a"), await found("b")].map((each) => each && "policies" in each && each.policies[0]);
    expect(rows[0]).toEqual(policy("p"));
    expect(rows[0]).toBe(rows[1]);
  });

  test("allows everything if the servers have access control off", async () => {
    const { answers, found } = setUp();
    answers.set("a", "off");
    expect(await found("a")).toEqual({ undecided: everything });
  });

  test("stays known for tokens, however many secrets of none are tried", async () => {
    const { answers, asked, tokens, found } = setUp();
    answers.set("a", grant("a"));
    await found("a");
    for (let at = 0; at < 1_500; at++) await found(`guess-${at}`);
    expect(tokens.refresh("a")).toBeUndefined();
    expect(tokens.find("guess-0")).toBeUndefined();
    expect(tokens.refresh("guess-1499")).toBeUndefined();
    expect(tokens.refresh("guess-0")).toBeDefined();
    expect(asked.length).toBe(1_502);
  });
});

describe("while no server answers", () => {
  test.each(["extend-cache", "async-cache"] as const)(
    "the last answer goes on with %s, and other secrets have no rights at all",
    async (downPolicy) => {
      const { clock, answers, server, found } = setUp(downPolicy);
      answers.set("a", grant("a"));
      await found("a");
      await found("none");
      server.isDown = true;
      for (let round = 0; round < 3; round++) {
        await clock.advance(ttlMs);
        expect(await found("a")).toEqual(grant("a"));
        expect(await found("none")).toBeUndefined();
        expect(await found("new")).toEqual({ undecided: nothing });
      }
    },
  );

  test.each([
    ["allow", everything],
    ["deny", nothing],
  ] as const)(
    "the policy %s decides about all secrets as soon as their answers are too old",
    async (downPolicy, rights) => {
      const { clock, answers, server, found } = setUp(downPolicy);
      answers.set("a", grant("a"));
      await found("a");
      server.isDown = true;
      expect([await found("a"), await found("new")]).toEqual([grant("a"), { undecided: rights }]);
      await clock.advance(ttlMs);
      expect(await found("a")).toEqual({ undecided: rights });
    },
  );

  test("a server is asked again after a second, and its answer counts at once", async () => {
    const { clock, answers, asked, server, found } = setUp("deny");
    answers.set("a", grant("a"));
    server.isDown = true;
    await found("a");
    await found("a");
    expect(asked.length).toBe(1);
    server.isDown = false;
    await clock.advance(1_000);
    expect(await found("a")).toEqual(grant("a"));
  });

  test("the log says so once a minute, without the secret", async () => {
    const { server, lines, found } = setUp();
    server.isDown = true;
    await found("secret-1");
    await found("secret-2");
    expect(lines).toEqual([
      expect.stringMatching(/no server answers, so acl.down_policy decides.*No known Consul servers/),
    ]);
    expect(lines.join()).not.toContain("secret-");
  });

  test("no request waits for longer than seven seconds", async () => {
    const { clock, server, tokens } = setUp();
    server.hangs = true;
    const waiting = tokens.refresh("a");
    await clock.advance(7_000);
    await waiting;
    expect(tokens.find("a")).toEqual({ undecided: nothing });
  });
});

test("with async-cache no request waits for a newer answer", async () => {
  const { clock, answers, tokens, found } = setUp("async-cache");
  answers.set("a", grant("a"));
  await found("a");
  answers.delete("a");
  await clock.advance(ttlMs);
  expect(tokens.refresh("a")).toBeUndefined();
  expect(tokens.find("a")).toEqual(grant("a"));
  await Bun.sleep(0);
  expect(tokens.find("a")).toBeUndefined();
});
