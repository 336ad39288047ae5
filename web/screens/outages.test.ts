import { expect, test } from "bun:test";
import { outagesOf } from "./outages.ts";

type Transition = Parameters<typeof outagesOf>[0][number];

function change(second: number, From: string, To: string, CheckID = "c"): Transition {
  const At = new Date(second * 1_000).toISOString();
  return {
    Number: second,
    At,
    Node: "n",
    Service: "s",
    ServiceID: "s",
    CheckID,
    Name: CheckID,
    From,
    To,
    Reason: `at ${second}`,
  };
}

const present = new Set(["n/c"]);

test("an outage lasts from the first failure to the next pass, and has its worst status with that reason", () => {
  const changes = [change(1, "passing", "warning"), change(2, "warning", "critical"), change(5, "critical", "passing")];
  expect(outagesOf(changes, present)).toMatchObject([
    { status: "critical", reason: "at 2", startMs: 1_000, endMs: 5_000, isOver: true },
  ]);
});

test("an outage whose start is not known has no start, and one of a check that is gone has no end", () => {
  expect(outagesOf([change(3, "critical", "passing")], present)).toMatchObject([{ startMs: undefined, endMs: 3_000 }]);
  expect(outagesOf([change(3, "passing", "critical", "gone")], present)).toMatchObject([
    { startMs: 3_000, endMs: undefined, isOver: true },
  ]);
});

test("an outage that lasts is not over, and checks do not end each other's", () => {
  const changes = [
    change(1, "passing", "critical"),
    change(2, "passing", "warning", "d"),
    change(3, "warning", "passing", "d"),
  ];
  expect(outagesOf(changes, present).map(({ check, isOver }) => [check, isOver])).toEqual([
    ["n/c", false],
    ["n/d", true],
  ]);
});

test("maintenance is no outage of the check", () => {
  const id = "_service_maintenance:s";
  const changes = [change(1, "passing", "critical", id), change(4, "critical", "passing", id)];
  expect(outagesOf(changes, present)).toMatchObject([
    { status: "maintenance", startMs: 1_000, endMs: 4_000, isOver: true },
  ]);
});
