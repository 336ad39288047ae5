import { afterAll, describe, expect, test } from "bun:test";
import { FakeRandom } from "../../test/support/fake-random.ts";
import { RawConnection } from "../../test/support/raw-connection.ts";
import { emptyPartsMax, encodePath, partsMax, routesBySentPath, splitPath } from "./sent-path.ts";

/** Answers with the path parts that a handler gets, as JSON: null if it gets none, "no route" if no handler is called. */
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  routes: routesBySentPath((_, __, path) => Response.json(path.parts ?? null)),
  fetch: () => Response.json("no route"),
});
afterAll(() => server.stop(true));

async function partsSeen(targets: readonly string[]): Promise<unknown[]> {
  await using connection = await RawConnection.open(server.url.href);
  const seen: unknown[] = [];
  for (const target of targets) {
    connection.send(Buffer.from(`GET ${target} HTTP/1.1\r\nHost: agent\r\n\r\n`, "latin1"));
    seen.push(JSON.parse((await connection.answer()).body.toString()));
  }
  return seen;
}

/** Returns the parts by RFC 3986: divides the path at its slashes, then decodes each part. Null if a part is not UTF-8. */
function partsOf(target: string): readonly string[] | null {
  const [path = ""] = Buffer.from(target, "latin1").toString("utf8").split("?");
  const parts = splitPath(path);
  return parts === undefined || parts.some((part) => part.includes("\uFFFD")) ? null : parts;
}

/** Returns a path with `count` parts: "/p0/p1/p2" for 3. */
function pathOf(count: number): string {
  return `/${Array.from({ length: count }, (_, at) => `p${at}`).join("/")}`;
}

const octets = [
  "a",
  "kv",
  "\\",
  ".",
  "..",
  "%2e",
  "%2E%2e",
  "%2F",
  "%5C",
  "%zz",
  "%",
  "%C3%A9",
  "\xc3\xa9",
  "%FF",
  "\xff",
];
const moreOctets = [
  "#",
  "|",
  '"',
  "+",
  "%20",
  "%00",
  ";",
  ":",
  "@",
  "%EF%BF%BD",
  "%F0%9F%98%80",
  "...",
  "%25",
  "~",
  "[::1]",
];

describe("the parts of a path", () => {
  test("are cut from the request target, not from the parsed URL", async () => {
    const random = new FakeRandom(7);
    const below = (max: number): number => Math.floor(random.uniform() * max);
    const pick = (from: readonly string[]): string => from[below(from.length)] ?? "";
    const part = (): string => Array.from({ length: 1 + below(3) }, () => pick([...octets, ...moreOctets])).join("");
    const targets = Array.from({ length: 1_000 }, () => {
      const parts = Array.from({ length: 1 + below(7) }, part);
      if (below(3) === 0) parts[below(parts.length)] = "";
      return `/${parts.join("/")}${pick(["", "/", "?", "?a=/../\\b"])}`;
    });
    expect(await partsSeen(targets)).toEqual(targets.map(partsOf));
  });

  test("can be read up to a maximum number, with an empty part at any place; a path with more parts has no route", async () => {
    const known = ["/", "//", "/?", pathOf(1), pathOf(partsMax), `${pathOf(partsMax - 1)}/`];
    for (let at = 0; at < emptyPartsMax - 1; at++) {
      const holed = pathOf(emptyPartsMax - 1).replace(`p${at}`, "");
      known.push(holed, `${holed}/`);
    }
    expect(await partsSeen(known)).toEqual(known.map(partsOf));
    const holed = pathOf(emptyPartsMax + 1).replace("p3", "");
    const unknown = [pathOf(partsMax + 1), `${pathOf(partsMax)}/`, holed, "////", "/a///b", "//a//b"];
    expect(await partsSeen(unknown)).toEqual(unknown.map(() => "no route"));
  });

  test("of a request target with scheme and host are only those of the target's path", async () => {
    expect(await partsSeen(["http://other/v1/kv/a\\b/../c?x"])).toEqual([["v1", "kv", "a\\b", "..", "c"]]);
  });
});

test.each(["v1 kv a/b\\c ..", "é %2F ?# +", "", " x", "a "])(
  "splitPath returns the parts that encodePath encoded: %p",
  (text) => {
    const parts = text.split(" ");
    expect(splitPath(encodePath(parts))).toEqual(parts);
  },
);
