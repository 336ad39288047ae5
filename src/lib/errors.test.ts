import { expect, test } from "bun:test";
import { messageOf, OperatingError } from "./errors.ts";

test("an OperatingError has a kind, a code, a message and the error that caused it", () => {
  const cause = new Error("ENOSPC");
  const error = new OperatingError("unavailable", "disk-full", "the disk is full", { cause });
  expect([error.name, error.kind, error.code, error.message, error.cause]).toEqual([
    "OperatingError",
    "unavailable",
    "disk-full",
    "the disk is full",
    cause,
  ]);
});

test("messageOf returns a text for any thrown value", () => {
  expect([new Error("x"), "y", 7, undefined, { toString: () => "z" }].map(messageOf)).toEqual([
    "x",
    "y",
    "7",
    "undefined",
    "z",
  ]);
});
