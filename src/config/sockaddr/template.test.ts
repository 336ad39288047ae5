import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { OperatingError } from "../../lib/errors.ts";
import { defaultInterfaceOf, interfaceAddresses, type NetworkInterfaces } from "./interfaces.ts";
import { expandTemplate } from "./template.ts";

function info(cidr: string): NonNullable<NetworkInterfaces[string]>[number] {
  const [address = ""] = cidr.split("/");
  const common = { address, cidr, netmask: "", mac: "", internal: address === "127.0.0.1" || address === "::1" };
  return address.includes(":") ? { ...common, family: "IPv6", scopeid: 0 } : { ...common, family: "IPv4" };
}

const gateway = interfaceAddresses(
  {
    lo: [info("127.0.0.1/8"), info("::1/128")],
    docker0: [info("172.17.0.1/16")],
    eth0: [info("10.0.0.5/24"), info("fe80::5/64")],
    eth1: [info("8.8.4.4/30")],
  },
  "eth0",
);

function expand(template: string): string {
  return expandTemplate(template, gateway);
}

describe("address templates", () => {
  const cases: readonly (readonly [template: string, expanded: string])[] = [
    ["10.0.0.1", "10.0.0.1"],
    ["{{ GetPrivateIP }}", "10.0.0.5"],
    ["{{GetPrivateIPs}}", "10.0.0.5 172.17.0.1"],
    ["{{ GetPublicIP }}", "8.8.4.4"],
    ['127.0.0.1 {{ GetInterfaceIP "docker0" }}', "127.0.0.1 172.17.0.1"],
    ["{{ GetInterfaceIP `^eth1$` }}", "8.8.4.4"],
    ['{{ GetInterfaceIP "wlan0" }}', ""],
    ['{{ GetInterfaceIPs "lo" }}', "127.0.0.1 ::1"],
    ['{{ GetDefaultInterfaces | attr "address" }}', "10.0.0.5"],
    [
      '{{ GetAllInterfaces | include "name" "eth.*" | include "type" "ipv4" | join "address" " " }}',
      "10.0.0.5 8.8.4.4",
    ],
    [
      '{{ GetAllInterfaces | exclude "flags" "loopback" | exclude "type" "ipv6" | join "name" "," }}',
      "docker0,eth0,eth1",
    ],
    [
      '{{ GetAllInterfaces | include "network" "10.0.0.0/8|172.16.0.0/12" | sort "name" | join "string" " " }}',
      "172.17.0.1/16 10.0.0.5/24",
    ],
    ['{{ GetAllInterfaces | include "rfc" "1918" | sort "-size" | limit 1 | attr "network" }}', "172.17.0.0"],
    ['{{ GetAllInterfaces | include "size" "30" | attr "address" }}', "8.8.4.4"],
    ['{{ GetAllInterfaces | unique "name" | offset 1 | join "name" " " }}', "docker0 eth0 eth1"],
  ];
  test.each(cases)("%s", (template, expanded) => {
    expect(expand(template)).toBe(expanded);
  });

  const faults: readonly (readonly [template: string, reason: string])[] = [
    ["{{ GetFoo }}", 'function "GetFoo" not defined'],
    ["{{ }}", "missing value for command"],
    ["{{ GetInterfaceIP }}", "wrong number of args for GetInterfaceIP: want 1 got 0"],
    [
      "{{ GetAllInterfaces }}",
      'addresses must be made text: end the template with | attr "address" or | join "address" " "',
    ],
    ['{{ GetPrivateIP | attr "name" }}', "attr needs addresses piped into it"],
    ['{{ GetAllInterfaces | include "foo" "x" | attr "name" }}', 'invalid include selector "foo"'],
    ['{{ GetAllInterfaces | include "name" "(" | attr "name" }}', 'invalid regular expression "("'],
    ['{{ GetAllInterfaces | sort "foo" | attr "name" }}', 'unknown sort type: "foo"'],
    ['{{ GetAllInterfaces | attr "foo" }}', 'unsupported attribute name "foo"'],
    ['{{ GetAllInterfaces | limit "x" | attr "name" }}', 'expected a whole number, got "x"'],
    ["{{ GetAllInterfaces ( }}", 'unexpected "("'],
  ];
  test.each(faults)("%s is refused with its reason", (template, reason) => {
    const message = `error parsing ${JSON.stringify(template)}: ${reason}`;
    expect(() => expand(template)).toThrow(new OperatingError("invalid", "invalid-address-template", message));
  });

  test("any text is expanded or refused, never worse", () => {
    const words = fc.constantFrom(
      "{{",
      "}}",
      "|",
      '"name"',
      '"',
      "`",
      "attr",
      "include",
      "GetAllInterfaces",
      "limit",
      "1",
      " ",
      "(",
    );
    fc.assert(
      fc.property(fc.array(words), (parts) => {
        try {
          expand(parts.join(" "));
        } catch (error) {
          expect(error).toBeInstanceOf(OperatingError);
        }
      }),
    );
  });

  test("the default route's interface is read from Linux's table", () => {
    const routes = "Iface\tDestination\tGateway\neth1\t0002A8C0\t00000000\neth0\t00000000\t0102A8C0\n";
    expect(defaultInterfaceOf(routes)).toBe("eth0");
    expect(defaultInterfaceOf("")).toBeUndefined();
  });
});
