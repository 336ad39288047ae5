import { describe, expect, test } from "bun:test";
import { interfaceAddress } from "../../test/support/interface-address.ts";
import { loadConfig } from "./load.ts";
import { unguardedAddresses } from "./unguarded.ts";

function load(hcl: string) {
  const interfaces = () => [interfaceAddress("eth0", "10.0.0.5/24")];
  return loadConfig({
    args: ["-server", "-data-dir", "/tmp", "-hcl", hcl],
    env: {},
    hostname: "gateway-7",
    interfaces,
  });
}

describe("an agent that listens beyond its machine", () => {
  test.each([
    [`client_addr = "0.0.0.0"`, ["0.0.0.0"]],
    [`addresses { http = "127.0.0.1 10.0.0.5" }`, ["10.0.0.5"]],
    [`client_addr = "::"`, ["::"]],
  ])("has unguarded addresses and a warning while access control is off: %s", (hcl, addresses) => {
    const config = load(hcl);
    expect(unguardedAddresses(config)).toEqual(addresses);
    expect(config.warnings.join()).toContain(`access control is off, and the agent listens on ${addresses.join()}`);
  });

  test.each([`client_addr = "127.0.0.1 ::1"`, `client_addr = "0.0.0.0" acl { enabled = true }`])(
    "has none, and no warning, on loopback addresses or with access control: %s",
    (hcl) => {
      const config = load(hcl.replace(" acl", "\nacl"));
      expect(unguardedAddresses(config)).toEqual([]);
      expect(config.warnings).toEqual([]);
    },
  );

  test("warns about script checks from the API unless access control denies by default", () => {
    const warnings = (hcl: string): string => load(`enable_script_checks = true\n${hcl}`).warnings.join();
    expect(warnings("")).toContain("DANGEROUS");
    expect(warnings("acl { enabled = true }")).toContain("DANGEROUS");
    expect(warnings(`acl { enabled = true default_policy = "deny" }`)).toBe("");
  });
});
