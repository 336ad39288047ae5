import { describe, expect, test } from "bun:test";
import {
  anonymousToken,
  globalManagementPolicy,
  nodeIdentityRules,
  reservedIdPrefix,
  serviceIdentityRules,
} from "../../../src/acl/builtin.ts";
import { policyHash, roleHash, tokenHash } from "../../../src/acl/hashes.ts";
import { type Access, type Resource, type Rights, rightsOf } from "../../../src/acl/rights.ts";
import { parseRules, RulesError } from "../../../src/acl/rules.ts";
import { translateRules } from "../../../src/acl/translate.ts";
import { type HashRecord, readRecording } from "./recording.ts";

const { refusals, grants, translations, hashes } = await readRecording();

/**
 * Texts that Praetor judges otherwise on purpose. Consul accepts some that end too early, or as far as the end of the JSON
 * object: what is missing may be the rule that denies. It takes JSON after a comment for HCL.
 */
const differences: Readonly<Record<string, string>> = {
  "a =\n": "At 2:1: Unknown token: 2:1 EOF ",
  "{": "At 1:3: object expected closing RBRACE got: EOF",
  '{"acl":': "At 1:9: object expected closing RBRACE got: EOF",
  '{"a": {"b": 1': "At 1:17: object expected closing RBRACE got: EOF",
  '{"a" "b": 1}': "At 1:6: expected: COLON got: STRING",
  '{"a": 1}x': "1:9: illegal char",
  '# x\n{"a": 1}': "",
};

describe("a policy's text", () => {
  const cases = refusals.map(({ rules, refusal }) => [rules, refusal] as const);
  test.each(cases)("%j is accepted, or refused in Consul's words", (rules, refusal) => {
    const ours = differences[rules];
    const expected = ours ? `Failed to parse ACL rules: ${ours}` : (ours ?? refusal);
    expect(outcomeOf(() => (parseRules(rules), ""))).toBe(expected);
  });

  test("after a missing comma in JSON counts, while Consul ignores it", () => {
    const text = '{"key": {"a": {"policy": "write"} "b": {"policy": "deny"}}}';
    expect(parseRules(text).exact.key).toEqual([
      { name: "a", policy: "write", intentions: "" },
      { name: "b", policy: "deny", intentions: "" },
    ]);
  });

  test("whose block is empty where Consul crashes is refused", () => {
    for (const text of ["acl {}", "acl = {}", 'key "a" { policy {} }', "key = [{}]"])
      expect(() => parseRules(text)).toThrow(RulesError);
  });
});

describe("the rights of a token", () => {
  const cases = grants.map((record) => [record.policies, record] as const);
  test.each(cases)("with the policies %j are those that Consul gives", (_policies, record) => {
    const { policies, serviceIdentities = [], nodeIdentities = [], otherwise = "deny", asked, allowed } = record;
    const rules = [
      ...policies.map(parseRules),
      ...serviceIdentities.map(serviceIdentityRules),
      ...nodeIdentities.map(nodeIdentityRules),
    ];
    const before = structuredClone(rules);
    const rights = rightsOf(rules, otherwise);
    expect(asked.filter((question) => isAllowed(rights, question))).toEqual([...allowed]);
    expect(rules).toEqual(before);
  });
});

describe("old rules", () => {
  const cases = translations.map(({ rules, status, answer }) => [rules, status, answer] as const);
  test.each(cases)("%j are translated, or refused, as by Consul", (rules, status, answer) => {
    const outcome = outcomeOf(() => translateRules(rules));
    expect(status === 400 ? `Bad request: ${outcome}` : outcome).toBe(answer);
  });
});

describe("the hash", () => {
  const cases = hashes.map(({ kind, object }) => [kind, object] as const);
  test.each(cases)("of %s %j is Consul's", (kind, object) => {
    expect(hashOf(kind, object)).toBe(object.Hash);
  });
});

describe("the builtin", () => {
  const builtins = hashes.filter(({ object }) => JSON.stringify(object).includes(`ID":"${reservedIdPrefix}`));

  test("policy is Consul's", () => {
    const { id, name, description, rules } = globalManagementPolicy;
    const [policy] = builtins.filter(({ kind }) => kind === "policy");
    expect(policy?.object).toMatchObject({ ID: id, Name: name, Description: description, Rules: rules });
  });

  test("token is Consul's", () => {
    const { accessorId, description } = anonymousToken;
    const tokens = builtins.map(({ object }) => object).filter(({ AccessorID }) => AccessorID === accessorId);
    expect(tokens).toMatchObject([{ Description: description }]);
  });
});

function outcomeOf(act: () => string): string {
  try {
    return act();
  } catch (error) {
    if (error instanceof RulesError) return error.message;
    throw error;
  }
}

function isAllowed(rights: Rights, question: string): boolean {
  const [resource = "", access = "", ...name] = question.split(" ");
  if (access === "write-prefix") return rights.mayWriteTree(name.join(" "));
  return rights.may(resource as Resource, access as Access, name.join(" "));
}

interface Links {
  readonly Policies?: readonly { readonly ID: string }[];
  readonly Roles?: readonly { readonly ID: string }[];
  readonly ServiceIdentities?: readonly { readonly ServiceName: string; readonly Datacenters?: readonly string[] }[];
  readonly NodeIdentities?: readonly { readonly NodeName: string; readonly Datacenter: string }[];
}

function hashOf(kind: HashRecord["kind"], object: HashRecord["object"]): string {
  const { Name: name, Description: description, Rules: rules } = object as Record<string, string>;
  const text = { name: name ?? "", description: description ?? "", rules: rules ?? "" };
  if (kind === "policy") {
    const { Datacenters: datacenters = [] } = object as { readonly Datacenters?: readonly string[] };
    return policyHash({ ...text, datacenters });
  }
  const links = object as Links;
  const linked = {
    ...text,
    policyIds: (links.Policies ?? []).map(({ ID }) => ID),
    serviceIdentities: (links.ServiceIdentities ?? []).map(({ ServiceName, Datacenters = [] }) => ({
      serviceName: ServiceName,
      datacenters: Datacenters,
    })),
    nodeIdentities: (links.NodeIdentities ?? []).map(({ NodeName, Datacenter }) => ({
      nodeName: NodeName,
      datacenter: Datacenter,
    })),
  };
  if (kind === "role") return roleHash(linked);
  const type = text.description === "Master Token" ? "management" : "";
  const roleIds = (links.Roles ?? []).map(({ ID }) => ID);
  return tokenHash({ ...linked, type, isLocal: object.Local === true, roleIds });
}
