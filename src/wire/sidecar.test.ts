import { expect, test } from "bun:test";
import { decodeServiceDefinition } from "./service-definition.ts";
import { sidecarAt } from "../model/sidecar.ts";

function sidecarOf(service: object, sidecar: object): ReturnType<typeof sidecarAt> {
  const json = { Name: "press", ID: "p1", Port: 80, ...service, Connect: { SidecarService: sidecar } };
  return sidecarAt(decodeServiceDefinition(json, { source: "api" }), 21_000);
}

test("a sidecar's default checks are a TCP check of its port at the local service address and an alias of its service", () => {
  // Consul 1.8.7 dials Proxy.LocalServiceAddress, whatever the addresses of service and sidecar are.
  const elsewhere = {
    Address: "192.0.2.8",
    Proxy: { LocalServiceAddress: "127.0.0.9", DestinationServiceID: "other" },
  };
  for (const [sidecar, address] of [
    [{}, "127.0.0.1:21000"],
    [elsewhere, "127.0.0.9:21000"],
    [{ Proxy: { LocalServiceAddress: "::1" } }, "[::1]:21000"],
  ] as const)
    expect(sidecarOf({ Address: "192.0.2.7" }, sidecar)?.checks).toMatchObject([
      { id: "service:p1-sidecar-proxy:1", method: { kind: "tcp", address, intervalMs: 10_000 } },
      { id: "service:p1-sidecar-proxy:2", method: { kind: "alias", service: "p1" } },
    ]);
});

test("tagged addresses derived from a sidecar's address get the sidecar's port; other tagged addresses do not change", () => {
  const sidecar = sidecarOf({}, { Address: "192.0.2.8", TaggedAddresses: { lab: { Address: "192.0.2.9" } } });
  expect(sidecar?.service.taggedAddresses).toEqual({
    lan_ipv4: { address: "192.0.2.8", port: 21_000 },
    wan_ipv4: { address: "192.0.2.8", port: 21_000 },
    lab: { address: "192.0.2.9", port: 0 },
  });
});

test("sidecarAt returns undefined for a service without a sidecar", () => {
  expect(sidecarAt(decodeServiceDefinition({ Name: "press" }, { source: "api" }), 21_000)).toBeUndefined();
});
