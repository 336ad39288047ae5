import { describe, expect, test } from "bun:test";
import { failedBackups } from "./backups.ts";
import type { BackupFacts, Finding } from "./facts.ts";

function found(more: Partial<BackupFacts>): readonly Finding[] {
  const backups = { folder: "/backups", intervalS: 3_600, ageS: 7_200, hasFailed: false, ...more };
  return failedBackups({ agent: { nodeName: "gw", backups } });
}

const kindsOf = (more: Partial<BackupFacts>): readonly string[] => found(more).map(({ kind }) => kind);

describe("an agent", () => {
  test("is reported if its last backup failed, and if the newest good one is older than two intervals", () => {
    expect(kindsOf({})).toEqual([]);
    expect(kindsOf({ ageS: 7_201 })).toEqual(["backup-old"]);
    expect(kindsOf({ hasFailed: true })).toEqual(["backup-failed"]);
    expect(kindsOf({ hasFailed: true, ageS: 7_201 })).toEqual(["backup-failed", "backup-old"]);
    expect(failedBackups({ agent: { nodeName: "gw", backups: undefined } })).toEqual([]);
  });

  test("that has no backup yet is not reported before one fails", () => {
    expect(kindsOf({ ageS: undefined })).toEqual([]);
    expect(found({ ageS: undefined, hasFailed: true })[0]?.problem).toBe(
      "The last backup failed. There is no good one.",
    );
  });
});
