import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { contains, formatIp, isInNetworks, parseCidr, parseIp } from "./ip-address.ts";

describe("IP addresses", () => {
  test("are formatted as Go formats them", () => {
    const printed: readonly (readonly [string, string])[] = [
      ["10.0.0.1", "10.0.0.1"],
      ["FE80:0:0:0:0:0:0:1", "fe80::1"],
      ["2001:db8:0:0:1:0:0:0", "2001:db8:0:0:1::"],
      ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
      ["0:0:0:0:0:0:0:0", "::"],
      ["1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7:0"],
      ["::ffff:1.2.3.4", "::ffff:102:304"],
    ];
    for (const [text, expected] of printed) {
      const address = parseIp(text);
      expect(address && formatIp(address)).toBe(expected);
    }
  });

  test("are the same after formatting and parsing", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const address = parseIp(text);
        expect(address).toBeDefined();
        if (address !== undefined) expect(parseIp(formatIp(address))).toEqual(address);
      }),
    );
  });

  test("are not parsed from a host name, or from a text with a zone or a port", () => {
    for (const text of ["", "localhost", "fe80::1%eth0", "1.2.3.4:80", "1.2.3", "[::1]"])
      expect(parseIp(text)).toBeUndefined();
    for (const text of ["1.2.3.4", "1.2.3.4/33", "::/129", "x/8", "1.2.3.4/"]) expect(parseCidr(text)).toBeUndefined();
  });

  test("are in a network if they share its prefix", () => {
    const holds = (cidr: string, ip: string): boolean | undefined => {
      const [network, address] = [parseCidr(cidr), parseIp(ip)];
      return network && address && contains(network, address);
    };
    expect(holds("10.1.2.3/8", "10.9.9.9")).toBe(true);
    expect(holds("10.0.0.0/8", "11.0.0.0")).toBe(false);
    expect(holds("0.0.0.0/0", "255.255.255.255")).toBe(true);
    expect(holds("0.0.0.0/0", "::1")).toBe(false);
    expect(holds("fd00::/8", "fdff::1")).toBe(true);
  });

  test("are in a list of networks if one network contains them, and IPv4-mapped addresses count as IPv4", () => {
    const networks = ["10.0.0.0/8", "127.0.0.0/8", "fd00::/8"];
    const inside = ["10.1.2.3", "127.0.0.1", "::ffff:127.0.0.1", "::FFFF:10.0.0.1", "fd12::1"];
    expect(inside.filter((address) => !isInNetworks(networks, address))).toEqual([]);
    const outside = ["11.0.0.1", "::1", "::ffff:11.0.0.1", "fe80::1", "", "10.0.0", "localhost"];
    expect(outside.filter((address) => isInNetworks(networks, address))).toEqual([]);
    expect(isInNetworks([], "127.0.0.1")).toBe(false);
  });
});
