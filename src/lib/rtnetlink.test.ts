import { expect, test } from "bun:test";
import { networkInterfaces } from "node:os";
import { formatIp } from "./ip-address.ts";
import { listLinks, localAddresses } from "./rtnetlink.ts";

/** test/conformance/address-templates tests, in a network namespace, the interfaces that the runtime does not list. */
test("listLinks lists every address that os.networkInterfaces lists, with its prefix", () => {
  const listed = listLinks().flatMap(({ addresses }) =>
    addresses.map(({ address, prefixLength }) => `${formatIp(address)}/${prefixLength}`),
  );
  const expected = Object.values(networkInterfaces()).flatMap((infos) => infos ?? []);
  expect(listed).toEqual(expect.arrayContaining(expected.flatMap(({ cidr }) => cidr ?? [])));
  expect(localAddresses()).toEqual(expect.arrayContaining(expected.map(({ address }) => address)));
});
