import { expect, test } from "bun:test";
import type { CheckRow } from "../model/check.ts";
import type { NodeRow } from "../model/node.ts";
import type { ServiceRow } from "../model/service.ts";
import { encodeCheck } from "./check.ts";
import { renderGoJson } from "./go-json.ts";
import { encodeNode } from "./node.ts";
import { encodeServiceEntry } from "./service-entry.ts";
import { encodeAgentService, encodeCatalogService, encodeNodeService } from "./service.ts";

// The expected texts are responses of Consul 1.8.7.
const compact = (value: unknown): string => renderGoJson(value, { pretty: false });

const node: NodeRow = {
  id: "40e4a748-2192-161a-0510-9bf59fe950b5",
  name: "ext2",
  address: "9.9.9.9",
  datacenter: "dc1",
  taggedAddresses: { lan: "9.9.9.9" },
  meta: { external: "true" },
  createIndex: 15,
  modifyIndex: 15,
};
const bareNode: NodeRow = { ...node, id: "", name: "ext3", taggedAddresses: null, meta: null };

const service: ServiceRow = {
  node: "ext2",
  id: "es",
  name: "es",
  kind: "",
  tags: ["t"],
  address: "",
  taggedAddresses: { wan: { address: "2.2.2.2", port: 0 }, lan: { address: "9.9.9.9", port: 3 } },
  port: 5,
  meta: { z: "1", a: "2" },
  weights: { passing: 1, warning: 1 },
  enableTagOverride: false,
  createIndex: 15,
  modifyIndex: 15,
};
const bareService: ServiceRow = { ...service, tags: [], taggedAddresses: null, meta: null };

const check: CheckRow = {
  node: "ext2",
  id: "Chk",
  name: "Chk",
  status: "passing",
  notes: "",
  output: "stored",
  serviceId: "es",
  serviceName: "es",
  serviceTags: ["t"],
  type: "tcp",
  definition: { tcp: "a:1", intervalMs: 5_000, timeoutMs: 1_000, deregisterCriticalServiceAfterMs: 30_000 },
  createIndex: 15,
  modifyIndex: 15,
};

test("an encoded node has the registered tagged addresses and metadata, and null for absent ones", () => {
  expect(compact(encodeNode(node))).toBe(
    '{"ID":"40e4a748-2192-161a-0510-9bf59fe950b5","Node":"ext2","Address":"9.9.9.9","Datacenter":"dc1",' +
      '"TaggedAddresses":{"lan":"9.9.9.9"},"Meta":{"external":"true"},"CreateIndex":15,"ModifyIndex":15}',
  );
  expect(compact(encodeNode(bareNode))).toContain('"TaggedAddresses":null,"Meta":null,');
});

test("encodeNodeService writes null for absent metadata and omits absent tagged addresses", () => {
  expect(compact(encodeNodeService(bareService))).toBe(
    '{"ID":"es","Service":"es","Tags":[],"Address":"","Meta":null,"Port":5,"Weights":{"Passing":1,"Warning":1},' +
      '"EnableTagOverride":false,"Proxy":{"MeshGateway":{},"Expose":{}},"Connect":{},"CreateIndex":15,"ModifyIndex":15}',
  );
});

test("catalog/service and agent/services show {} for absent metadata", () => {
  expect(compact(encodeCatalogService(bareNode, bareService))).toBe(
    '{"ID":"","Node":"ext3","Address":"9.9.9.9","Datacenter":"dc1","TaggedAddresses":null,"NodeMeta":null,' +
      '"ServiceKind":"","ServiceID":"es","ServiceName":"es","ServiceTags":[],"ServiceAddress":"",' +
      '"ServiceWeights":{"Passing":1,"Warning":1},"ServiceMeta":{},"ServicePort":5,"ServiceEnableTagOverride":false,' +
      '"ServiceProxy":{"MeshGateway":{},"Expose":{}},"ServiceConnect":{},"CreateIndex":15,"ModifyIndex":15}',
  );
  expect(compact(encodeAgentService(bareService))).toBe(
    '{"ID":"es","Service":"es","Tags":[],"Meta":{},"Port":5,"Address":"","Weights":{"Passing":1,"Warning":1},"EnableTagOverride":false}',
  );
});

test("encoded tagged addresses and metadata are sorted by key", () => {
  expect(compact(encodeCatalogService(node, service))).toContain(
    '"ServiceTaggedAddresses":{"lan":{"Address":"9.9.9.9","Port":3},"wan":{"Address":"2.2.2.2","Port":0}},' +
      '"ServiceWeights":{"Passing":1,"Warning":1},"ServiceMeta":{"a":"2","z":"1"},',
  );
});

test("agent/services shows an empty Proxy for a service whose kind is a proxy, and no Proxy for other kinds", () => {
  expect(compact(encodeAgentService({ ...bareService, kind: "mesh-gateway" }))).toMatch(
    /^{"Kind":"mesh-gateway","ID":.*,"Proxy":{"MeshGateway":{},"Expose":{}}}$/,
  );
  expect(compact(encodeAgentService({ ...bareService, kind: "foo" }))).not.toContain("Proxy");
});

test("an encoded check has the output passed to the encoder and the fields of its definition that are set", () => {
  expect(compact(encodeCheck(check, "ok"))).toBe(
    '{"Node":"ext2","CheckID":"Chk","Name":"Chk","Status":"passing","Notes":"","Output":"ok","ServiceID":"es",' +
      '"ServiceName":"es","ServiceTags":["t"],"Type":"tcp",' +
      '"Definition":{"Interval":"5s","Timeout":"1s","DeregisterCriticalServiceAfter":"30s","TCP":"a:1"},' +
      '"CreateIndex":15,"ModifyIndex":15}',
  );
  const http = {
    http: "http://x",
    tlsSkipVerify: true,
    header: { A: ["b"] },
    method: "GET",
    body: "b",
    intervalMs: 7_000,
  };
  expect(compact(encodeCheck({ ...check, definition: http }, ""))).toContain(
    '"Definition":{"Interval":"7s","HTTP":"http://x","TLSSkipVerify":true,"Header":{"A":["b"]},"Method":"GET","Body":"b"}',
  );
});

test("an encoded check of the local state, which stores no indexes, has 0 for both indexes", () => {
  const { createIndex: _created, modifyIndex: _modified, ...own } = check;
  expect(compact(encodeCheck({ ...own, definition: {} }, ""))).toContain(
    '"Definition":{},"CreateIndex":0,"ModifyIndex":0}',
  );
});

test("an entry of health/service has a node, a service and their checks", () => {
  expect(Object.keys(encodeServiceEntry(node, service, [{ check, output: "" }]))).toEqual([
    "Node",
    "Service",
    "Checks",
  ]);
  expect(compact(encodeServiceEntry(node, service, []))).toEndWith('"Checks":[]}');
});
