import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { edgexKeyOf, encodeName, foldersAbove, keyPathOf, lastPartOf, looksSecret, parentOf } from "./names.ts";

describe("an encoded name", () => {
  test("is in an address what it was, through the resolution of the address too", () => {
    const part = fc.constantFrom("", ".", "..", "a", "%2F", "ä", "?#", "\\", " ");
    const names = fc.array(part, { minLength: 2, maxLength: 6 }).map((parts) => parts.join("/"));
    fc.assert(
      fc.property(names, (name) => {
        const { pathname } = new URL(`http://a/ui/keys/${encodeName(name)}`);
        expect(decodeURIComponent(pathname.slice("/ui/keys/".length))).toBe(name);
      }),
    );
  });

  test("keeps its slashes where they are no danger", () => {
    expect(encodeName("edgex/core data/b")).toBe("edgex/core%20data/b");
    expect(encodeName("a//b")).toBe("a%2F%2Fb");
    expect(keyPathOf("a/")).toBe("/keys/a/?is=key");
  });
});

test.each([
  ["a", "", "a", []],
  ["a/", "", "a/", []],
  ["a/b", "a/", "b", ["a/"]],
  ["a//b", "a//", "b", ["a/", "a//"]],
  ["/a", "/", "a", ["/"]],
  ["a//", "a/", "/", ["a/"]],
] as const)("%p is in the folder %p with the name %p", (name, folder, last, above) => {
  expect(parentOf(name)).toBe(folder);
  expect(lastPartOf(name)).toBe(last);
  expect(foldersAbove(name)).toEqual([...above]);
});

test.each([
  ["edgex/core/1.0/edgex-core-data/Writable/LogLevel", "edgex-core-data", "Writable/LogLevel", true],
  ["edgex/devices/2.0/device-virtual/Service/Port", "device-virtual", "Service/Port", false],
  ["edgex/core/1.0/device-c;docker/Writable/A", "device-c", "Writable/A", true],
  ["edgex/v3/core-metadata/Writable/UoM", "core-metadata", "Writable/UoM", true],
  [
    "edgex/v4/core-common-config-bootstrapper/all-services/Writable/LogLevel",
    "core-common-config-bootstrapper",
    "all-services/Writable/LogLevel",
    true,
  ],
] as const)("%p is a setting of %p", (key, service, setting, isLive) => {
  expect(edgexKeyOf(key)).toEqual({ service, setting, isLive });
});

test("other keys are no setting of EdgeX", () => {
  expect(edgexKeyOf("edgex/registry/ports/core-data")).toBeUndefined();
  expect(edgexKeyOf("edgex/core/1.0/edgex-core-data")).toBeUndefined();
});

test("names of secrets are recognised", () => {
  const secrets = ["vault/x", "db/Password", "a/AuthToken", "client_secret", "passwd", "API_KEY"];
  expect(secrets.filter(looksSecret)).toEqual(secrets);
  expect(["edgex/vault", "LogLevel", "compass"].filter(looksSecret)).toEqual([]);
});
