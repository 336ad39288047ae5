import { expect, test } from "bun:test";
import { networkInterfaces } from "node:os";
import { formatIp } from "./ip-address.ts";
import { listLinks, localAddresses } from "./rtnetlink.ts";

/** What it lists besides is held in a network namespace, by test/conformance/address-templates. */
test("every address that the runtime lists is listed, with its prefix", () => {
  const listed = listLinks().flatMap(({ addresses }) =>
    addresses.map(({ address, prefixLength }) => `${formatIp(address)}/${prefixLength}`),
  );
  const expected = Object.values(networkInterfaces()).flatMap((infos) => infos ?? []);
  expect(listed).toEqual(expect.arrayContaining(expected.flatMap(({ cidr }) => cidr ?? [])));
  expect(localAddresses()).toEqual(expect.arrayContaining(expected.map(({ address }) => address)));
});
