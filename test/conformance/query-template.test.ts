import { describe, expect, test } from "bun:test";
import { expectError, get, masked, send, sharedTarget, unique } from "../support/conformance.ts";
import { createPreparedQuery } from "../support/prepared-query.ts";

await sharedTarget();

interface Explained {
  readonly Query: { readonly Name: string; readonly Service: { readonly Service: string; readonly Tags: string[] } };
}

async function explain(name: string): Promise<Explained["Query"]> {
  const answer = await get(`/v1/query/${encodeURIComponent(name)}/explain`);
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status: 200 });
  return (answer.json as Explained).Query;
}

interface Template {
  readonly Name: string;
  readonly Regexp?: string;
  readonly RemoveEmptyTags?: boolean;
  readonly Service: object;
}

function template({ Name, Regexp = "", RemoveEmptyTags = false, Service }: Template): object {
  return { Name, Template: { Type: "name_prefix_match", Regexp, RemoveEmptyTags }, Service };
}

describe("explaining a prepared query", () => {
  test("returns a prepared query without a template unchanged", async () => {
    const Name = unique("plain");
    const id = await createPreparedQuery({ Name, Service: { Service: "${not} interpreted" } });
    const answer = await get(`/v1/query/${Name}/explain`);
    const meta = '"Index":0,"LastContact":0,"KnownLeader":true,"ConsistencyLevel":"leader"}';
    const query = masked((await get(`/v1/query/${id}`)).text).slice(1, -1);
    expect(masked(answer.text)).toBe(`{"Query":${query},${meta}`);
    expect(answer.index).toBe(1);
    expect((await get(`/v1/query/${id}/explain?consistent`)).text).toContain('"ConsistencyLevel":"consistent"');
  });

  test("inserts the requested name and its parts into every string of a template's service", async () => {
    const Name = `${unique("Geo")}-`;
    await createPreparedQuery(
      template({
        Name,
        Regexp: "^(.*?)-(.*)-(.*)$",
        Service: {
          Service: "${match(2)}",
          Failover: { Datacenters: ["${match(3)}"] },
          IgnoreCheckIDs: ["${name.full}", "$$x"],
          Near: "${name.suffix}",
          Tags: ["${match(0)}", "${agent.segment}", "${match(9)}"],
          NodeMeta: { k: "${name.prefix}" },
          ServiceMeta: { "k ${": "${match(1)}" },
        },
      }),
    );
    const prefix = Name.slice(0, Name.lastIndexOf("-", Name.length - 2));
    const full = `${Name}db-main`;
    const { Service } = await explain(full);
    const [, first, second, third] = /^(.*?)-(.*)-(.*)$/.exec(full) ?? [];
    expect(prefix).toBe(first ?? "");
    expect(Service).toEqual({
      Service: second,
      Failover: { NearestN: 0, Datacenters: [third] },
      OnlyPassing: false,
      IgnoreCheckIDs: [full, "$x"],
      Near: "db-main",
      Tags: [full, "", ""],
      NodeMeta: { k: Name },
      ServiceMeta: { "k ${": first },
      Connect: false,
    } as never);
  });

  test("omits empty tags if the template has RemoveEmptyTags", async () => {
    const Name = unique("tags");
    const Tags = ["", "${match(0)}", "${name.suffix}"];
    await createPreparedQuery(template({ Name, RemoveEmptyTags: true, Service: { Service: "x", Tags } }));
    expect((await explain(`${Name}-a`)).Service.Tags).toEqual(["-a"]);
    const bare = unique("bare");
    await createPreparedQuery(template({ Name: bare, RemoveEmptyTags: true, Service: { Service: "x" } }));
    expect((await explain(bare)).Service.Tags).toEqual([]);
  });

  test("finds a template in any letter case, but removes its prefix only in the template's letter case", async () => {
    const Name = unique("case");
    await createPreparedQuery(template({ Name, Service: { Service: "x", Tags: ["${name.suffix}"] } }));
    expect((await explain(`${Name}-a`)).Service.Tags).toEqual(["-a"]);
    const upper = `${Name}-a`.toUpperCase();
    expect((await explain(upper)).Service.Tags).toEqual([upper]);
  });
});

describe("finding a prepared query by name", () => {
  test("prefers the exact name, then the template with the longest prefix, then the template without a name", async () => {
    const a = unique("longest");
    const all = template({ Name: "", Service: { Service: "all" } });
    await createPreparedQuery(all);
    await createPreparedQuery(template({ Name: a, Service: { Service: "short" } }));
    await createPreparedQuery({ Name: `${a}b`, Service: { Service: "static" } });
    await createPreparedQuery(template({ Name: `${a}bc`, Service: { Service: "long" } }));
    const services = await Promise.all(
      [`no-${a}`, `${a}x`, a, `${a}b`, `${a}bx`, `${a}bc`, `${a}bcd`, `${a}BCD`].map((name) => explain(name)),
    );
    expect(services.map(({ Service }) => Service.Service)).toEqual([
      ...["all", "short", "short", "static", "short", "long", "long", "long"],
    ]);
    const second = await send("POST", "/v1/query", { body: all });
    expectError(second, { status: 500, text: "a query template with an empty name already exists" });
    expect((await get(`/v1/query/no-${a}/execute`)).json).toMatchObject({ Service: "all", Nodes: [] });
  });

  test.each(["execute", "explain"])("does not find a template by its id (%s)", async (verb) => {
    const id = await createPreparedQuery(template({ Name: unique("id"), Service: { Service: "x" } }));
    const answer = await get(`/v1/query/${id}/${verb}`);
    const text = "prepared query templates can only be resolved up by name, not by ID";
    expectError(answer, { status: 500, text });
    expect(answer.header("X-Consul-Index")).toBe("1");
  });
});

/**
 * Each test evaluates an expression as a tag of a template whose Regexp has two groups, for a name that ends in
 * "-one-two".
 */
describe("an expression in a template", () => {
  const Regexp = "^.*-([^-]+)-([^-]+)$";

  test.each([
    ["plain } text", "plain } text"],
    ["$x a$", "$x a$"],
    ["${ name.suffix }", "-one-two"],
    ["$${name.full}", "${name.full}"],
    ["$$${name.suffix}", "$-one-two"],
    ["\\${name.suffix}", "\\-one-two"],
    ["${name.suffix}}${match(1)}", "-one-two}one"],
    ["${match(1)}${match (2)}${match( 3 )}", "onetwo"],
    ["${match(,1)}", "one"],
    ["${match(010)}", ""],
    ["${(match((1)))}", "one"],
    ["${7}", "7"],
    ['${"a" "b\\n\\"\\\\\\x"}', 'ab\n"\\\\x'],
    ['${"a${"b${match(1)}"}c"}', "abonec"],
    ['${""}', ""],
  ])("%j evaluates to %j", async (expression, value) => {
    const Name = unique("pre");
    await createPreparedQuery(template({ Name, Regexp, Service: { Service: "x", Tags: [expression] } }));
    expect((await explain(`${Name}-one-two`)).Service.Tags).toEqual([value]);
  });

  const syntax = (text: string): string => `Bad format '${text}' in Service.Tags[0]: parse error: syntax error`;
  const evaluation = (text: string, fault: string): string =>
    `Bad evaluation for '${text}' in Service.Tags[0]: ${fault}`;

  test.each([
    ...["${", "${}", "${name.full", "${match(1}", "${match(1,)}", "${match 1}", "${a b}", "${@}", '${"a}', "${08}"].map(
      (text) => [text, syntax(text)],
    ),
    ["x${nope}", evaluation("x${nope}", "1:4: unknown variable accessed: nope")],
    ["é${nope}", evaluation("é${nope}", "1:4: unknown variable accessed: nope")],
    ["a\nbc${nope}", evaluation("a\nbc${nope}", "2:6: unknown variable accessed: nope")],
    ['${"a${ nope}"}', evaluation('${"a${ nope}"}', "1:7: unknown variable accessed: nope")],
    ["${a-b.c}", evaluation("${a-b.c}", "1:3: unknown variable accessed: a-b.c")],
    ["${nope(1)}", evaluation("${nope(1)}", "1:3: unknown function called: nope")],
    ["${nope(other)}", evaluation("${nope(other)}", "1:8: unknown variable accessed: other")],
    ["${match()}", evaluation("${match()}", "1:3: match: expected 1 arguments, got 0")],
    ["${match(1 , 2)}", evaluation("${match(1 , 2)}", "1:3: match: expected 1 arguments, got 2")],
    [
      '${match("x")}',
      evaluation('${match("x")}', '__builtin_StringToInt: strconv.ParseInt: parsing "x": invalid syntax'),
    ],
  ])("%j is refused", async (expression = "", fault = "") => {
    const body = template({ Name: unique("pre"), Regexp, Service: { Service: "x", Tags: [expression] } });
    expectError(await send("POST", "/v1/query", { body }), {
      status: 500,
      text: `failed compiling template: ${fault}`,
    });
  });

  test("may be valid for the template's own name only: a request with another name is an error", async () => {
    await createPreparedQuery(template({ Name: "7", Service: { Service: "${match(name.full)}" } }));
    const text =
      "Bad evaluation for '${match(name.full)}' in Service.Service: " +
      '__builtin_StringToInt: strconv.ParseInt: parsing "7a": invalid syntax';
    expectError(await get("/v1/query/7a/explain"), { status: 500, text });
    expectError(await get("/v1/query/7a/execute"), { status: 500, text });
  });
});

describe("a prepared query", () => {
  test.each([
    [{ Template: { Type: "other" } }, "Bad Template.Type 'other'"],
    [
      { Template: { Type: "name_prefix_match", Regexp: "(" } },
      "Bad Regexp: error parsing regexp: missing closing ): `(`",
    ],
    [
      { Template: { Type: "name_prefix_match", Regexp: "[b-a]" } },
      "Bad Regexp: error parsing regexp: invalid character class range: `b-a`",
    ],
  ])("is refused for the template %j", async (definition, fault) => {
    const body = { Name: unique("bad"), Service: { Service: "x" }, ...definition };
    expectError(await send("POST", "/v1/query", { body }), {
      status: 500,
      text: `failed compiling template: ${fault}`,
    });
  });

  test.each([
    [{ Service: "${" }, ".Service"],
    [{ Failover: { Datacenters: ["a", "${"] } }, ".Failover.Datacenters[1]"],
    [{ IgnoreCheckIDs: ["${"] }, ".IgnoreCheckIDs[0]"],
    [{ Near: "${" }, ".Near"],
    [{ NodeMeta: { k: "${" } }, ".NodeMeta[k]"],
    [{ ServiceMeta: { k: "${" } }, ".ServiceMeta[k]"],
  ])("is refused for an invalid expression in %j", async (service, path) => {
    const body = template({ Name: unique("bad"), Service: { Service: "x", ...service } });
    const text = `failed compiling template: Bad format '\${' in Service${path}: parse error: syntax error`;
    expectError(await send("POST", "/v1/query", { body }), { status: 500, text });
  });

  test("without a template may have an invalid regular expression, which has no effect", async () => {
    await createPreparedQuery({ Name: unique("static"), Template: { Regexp: "(" }, Service: { Service: "${" } });
  });
});
