import { expect, test } from "bun:test";
import { topicOf } from "./topic.ts";

test("a key's topic is the prefix and the key", () => {
  expect(topicOf("edgex/configs", "edgex/v4/core-data/Writable/LogLevel")).toBe(
    "edgex/configs/edgex/v4/core-data/Writable/LogLevel",
  );
  expect(topicOf("edgex/configs", "edgex//a b/ü/50%/")).toBe("edgex/configs/edgex//a b/ü/50%/");
});

test.each([
  ["a+b/#", "p/a%2Bb/%23"],
  ["a\0\u001f\u007f", "p/a%00%1F%7F"],
  ["a\uffff", "p/a%EF%BF%BF"],
  ["a\ud800", "p/a\ufffd"],
])("what a topic may not hold is written in another way: %j", (key, topic) => {
  expect(topicOf("p", key)).toBe(topic);
});

test("what no broker takes has no topic", () => {
  expect(topicOf("p", "x".repeat(65_533))).toHaveLength(65_535);
  expect(topicOf("p", "x".repeat(65_534))).toBeUndefined();
  expect(topicOf("p", "ü".repeat(32_768))).toBeUndefined();
  expect(topicOf("p", "/".repeat(198))).toBeDefined();
  expect(topicOf("p", "/".repeat(199))).toBeUndefined();
});
