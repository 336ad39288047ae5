import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { interfaceAddress } from "../../../test/support/interface-address.ts";
import { OperatingError } from "../../lib/errors.ts";
import { defaultInterfaceOf, interfaceFlags } from "./interfaces.ts";
import { expandTemplate } from "./template.ts";

const loopback = { flags: interfaceFlags.up | interfaceFlags.running | interfaceFlags.loopback };
const gateway = [
  interfaceAddress("lo", "127.0.0.1/8", loopback),
  interfaceAddress("lo", "::1/128", loopback),
  interfaceAddress("docker0", "172.17.0.1/16"),
  interfaceAddress("eth0", "10.20.0.100/32", { isDefault: true }),
  interfaceAddress("eth0", "10.20.0.5/24", { isDefault: true }),
  interfaceAddress("eth0", "fe80::5/64", { isDefault: true }),
  interfaceAddress("eth1", "8.8.4.4/30"),
];

function expand(template: string): string {
  return expandTemplate(template, gateway);
}

/** test/conformance/address-templates compares more than 300 templates with Consul's recorded results. */
describe("address templates", () => {
  const cases: readonly (readonly [template: string, expanded: string])[] = [
    ["10.0.0.1", "10.0.0.1"],
    ["{{ GetPrivateIP }}", "10.20.0.5"],
    ['127.0.0.1 {{ GetInterfaceIP "docker0" }}', "127.0.0.1 172.17.0.1"],
    ['{{ GetInterfaceIP "wlan0" }}', ""],
    ['{{ GetAllInterfaces | include "rfc" "1918" | sort "size" | limit 1 | attr "network" }}', "172.17.0.0"],
    ['{{ GetAllInterfaces | offset -1 | attr "address" }}', "8.8.4.4"],
    ["{{/* why */}}{{ with GetPublicIP -}} {{ . }} {{- end }}", "8.8.4.4"],
    // go-sockaddr has `math "mask"` since 2017-09; the Consul that made the recording has an older go-sockaddr.
    [
      '{{ GetInterfaceIP "eth1" }} {{ GetPublicInterfaces | math "mask" "24" | join "string" " " }}',
      "8.8.4.4 8.8.4.0/24",
    ],
    ['{{ GetPublicInterfaces | math "mask" "31" | join "string" " " }}', "8.8.4.4/30"],
    ["{{ GetPrivateIP\n| printf\n`%s` }}", "10.20.0.5"],
  ];
  test.each(cases)("%s expands to %s", (template, expanded) => {
    expect(expand(template)).toBe(expanded);
  });

  const faults: readonly (readonly [template: string, reason: string])[] = [
    ["{{ GetFoo }}", 'function "GetFoo" not defined'],
    ["{{ }}", "missing value for command"],
    ["{{ GetPrivateIP", "unclosed action"],
    ["{{ GetInterfaceIP }}", "GetInterfaceIP: not enough arguments"],
    [
      "{{ GetAllInterfaces }}",
      'addresses must be made text: end the template with | attr "address" or | join "address" " "',
    ],
    ['{{ GetPrivateIP | attr "name" }}', "attr: cannot take name from a string"],
    [
      '{{ GetAllInterfaces | include "foo" "x" | attr "name" }}',
      'invalid selector "foo": known are address, flags, name, network, port, rfc, size, type',
    ],
    ['{{ GetAllInterfaces | include "name" "(" | attr "name" }}', "error parsing regexp: missing closing ): `(`"],
    [
      '{{ GetAllInterfaces | sort "foo" | attr "name" }}',
      'unknown sort type: "foo": known are address, default, name, port, private, size, type',
    ],
    ['{{ GetAllInterfaces | attr "foo" }}', 'unsupported attribute name "foo" of an IPv4 address'],
    ['{{ GetAllInterfaces | limit "1" | attr "name" }}', "limit: argument 1 must be a whole number, not a string"],
    ['{{ define "x" }}{{ end }}', "{{define}} is not available in an address template"],
    [`{{ ${"(".repeat(200)}1${")".repeat(200)} }}`, "a template is nested at most 100 deep"],
  ];
  test.each(faults)("%s is refused with its reason", (template, reason) => {
    const message = `error parsing ${JSON.stringify(template)}: ${reason}`;
    expect(() => expand(template)).toThrow(new OperatingError("invalid", "invalid-address-template", message));
  });

  test.each([
    ["loops within loops", `${"{{ range $ }}".repeat(20)}x${"{{ end }}".repeat(20)}`],
    ["a text that doubles itself", `{{ $x := "12345678" }}${'{{ $x = printf "%s%s" $x $x }}'.repeat(40)}`],
    ["a list that doubles itself", `{{ $x := $ }}${'{{ $x = include "type" "ip|ip" $x }}'.repeat(40)}`],
  ])("with %s are refused before they block the agent", (_what, template) => {
    expect(() => expand(template)).toThrow(OperatingError);
  });

  test("either expand or are refused with an OperatingError, whatever their text", () => {
    const words = fc.constantFrom(
      ...[
        "{{",
        "}}",
        "{{- ",
        " -}}",
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
      ],
      ...["(", ")", "range", "end", "else", "if", "with", "$x", ":=", ".", ".Name", "printf", "index"],
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

  const route = (name: string, flags: string): string => `${name}\t00000000\t0102A8C0\t${flags}\t0\t0\t0\t00000000\t0`;
  const heading = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU";

  test("the default interface is that of the first default route with a gateway in Linux's routing table", () => {
    const local = "eth1\t0002A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0";
    const routes = [heading, local, route("ppp0", "0001"), route("eth0", "0003"), route("wlan0", "0003")];
    expect(defaultInterfaceOf(routes.join("\n"))).toBe("eth0");
    expect(defaultInterfaceOf([heading, local].join("\n"))).toBeUndefined();
    expect(defaultInterfaceOf("")).toBeUndefined();
  });
});
