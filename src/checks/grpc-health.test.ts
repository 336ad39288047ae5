import { expect, test } from "bun:test";
import { decodeHealthStatus, encodeHealthRequest } from "./grpc-health.ts";

test('an encoded health request has the service\'s name in field 1, and is empty for the name ""', () => {
  expect([...encodeHealthRequest("")]).toEqual([]);
  expect([...encodeHealthRequest("up")]).toEqual([0x0a, 2, 0x75, 0x70]);
  expect([...encodeHealthRequest("x".repeat(300)).subarray(0, 3)]).toEqual([0x0a, 0xac, 0x02]);
});

test("the health status is read from field 1 of the response, whatever other fields surround it", () => {
  expect(decodeHealthStatus(Uint8Array.of())).toBe(0);
  expect(decodeHealthStatus(Uint8Array.of(8, 2))).toBe(2);
  expect(decodeHealthStatus(Uint8Array.of(0x12, 3, 8, 9, 9, 8, 1, 0x1d, 1, 2, 3, 4, 0x20, 0x80, 0x01))).toBe(1);
});

test("a malformed health response decodes to the status 0, UNKNOWN", () => {
  for (const bytes of [[8], [0xff, 0xff, 0xff], [0x0b], [0x12, 200], [8, 0x80]]) {
    expect(decodeHealthStatus(Uint8Array.from(bytes))).toBe(0);
  }
});
