import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { asSent, type BackupFile, backupFile, backupsAmong, isUnfinished, superfluous } from "./backup-file.ts";

const takenMs = Date.UTC(2026, 10, 30, 14, 25, 7);

describe("a backup's name", () => {
  test("has the node and the time, and is read again", () => {
    const file = backupFile("gateway-7", takenMs, false);
    expect(file.name).toBe("gateway-7.20261130T142507Z.snap");
    expect(backupsAmong([file.name], "gateway-7")).toEqual([file]);
  });

  test("tells that the program has yet to take it", () => {
    const file = backupFile("gw", takenMs, true);
    expect(file.name).toBe("gw.20261130T142507Z.snap.unsent");
    expect(backupsAmong([file.name], "gw")).toEqual([file]);
    expect(asSent(file)).toEqual(backupFile("gw", takenMs, false));
  });

  test("is one file's name, whatever the node's", () => {
    const file = backupFile("../a b/c", takenMs, false);
    expect(file.name).toBe(".._a_b_c.20261130T142507Z.snap");
    expect(backupsAmong([file.name], "../a b/c")).toEqual([file]);
  });

  test("is not that of another node's backup, nor of another file", () => {
    const others = ["gw2.20261130T142507Z.snap", "gw.x.20261130T142507Z.snap", "gw.snap", "gw.20261130T142507Z.snap~"];
    expect(backupsAmong([...others, "gw.20261399T142507Z.snap", ".gw.20261130T142507Z.snap-x"], "gw")).toEqual([]);
  });
});

test("only what an unfinished backup of this node has left counts as such", () => {
  const names = [
    ...[".gw.20261130T142507Z.snap-AbCdEf", ".gw.20261130T142507Z.snap.unsent-AbCdEf"],
    ...["gw.20261130T142507Z.snap", ".gw.x.20261130T142507Z.snap-AbCdEf", ".profile"],
  ];
  expect(names.filter((name) => isUnfinished(name, "gw"))).toEqual(names.slice(0, 2));
});

describe("superfluous backups", () => {
  const hourMs = 3_600_000;
  const hourly = (count: number): readonly BackupFile[] =>
    Array.from({ length: count }, (_, at) => backupFile("gw", takenMs - at * hourMs, false));

  test("are those beyond the number to keep, and the older ones", () => {
    expect(superfluous(hourly(5), { keep: 3, maxAgeMs: 0 }, takenMs)).toEqual(hourly(5).slice(3));
    expect(superfluous(hourly(5), { keep: 9, maxAgeMs: hourMs }, takenMs)).toEqual(hourly(5).slice(2));
  });

  test("never include the newest, and those that stay are at most as many and as old as allowed", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 20 }),
        fc.record({ keep: fc.integer({ min: 1, max: 25 }), maxAgeMs: fc.integer({ min: 0, max: 100 * hourMs }) }),
        (hours, retention) => {
          const names = hours.map((hour) => backupFile("gw", takenMs - hour * hourMs, false).name);
          const backups = backupsAmong(names, "gw");
          const left = backups.filter((each) => !superfluous(backups, retention, takenMs).includes(each));
          expect(left[0]).toEqual(backups[0]);
          expect(left.length).toBeLessThanOrEqual(retention.keep);
          for (const each of left.slice(1))
            if (retention.maxAgeMs > 0) expect(takenMs - each.takenMs).toBeLessThanOrEqual(retention.maxAgeMs);
        },
      ),
    );
  });
});
