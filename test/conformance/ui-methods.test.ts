import { afterAll, expect, test } from "bun:test";
import { type Answer, exchange } from "../support/exchange.ts";
import { startTarget } from "../support/target.ts";

const target = await startTarget("-ui");
afterAll(() => target.stop());

const ask = (method: string, path: string): Promise<Answer> => exchange(target.url, method, { path });
const methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"];

test.each(methods)("%s of /ui/ returns the page of the UI", async (method) => {
  const page = await ask("GET", "/ui/");
  const answer = await ask(method, "/ui/");
  expect([answer.status, answer.header("Content-Type")]).toEqual([200, "text/html; charset=utf-8"]);
  expect(answer.text).toBe(method === "HEAD" ? "" : page.text);
  expect(answer.header("Allow")).toBeUndefined();
});

test.each(methods)("%s of / redirects to /ui/, and only GET has a body", async (method) => {
  for (const path of ["/", "/?a=b", "/ui"]) {
    const answer = await ask(method, path);
    expect([answer.status, answer.header("Location")]).toEqual([301, "/ui/"]);
    expect(answer.text).toBe(method === "GET" ? '<a href="/ui/">Moved Permanently</a>.\n\n' : "");
    const type = method === "GET" || method === "HEAD" ? "text/html; charset=utf-8" : undefined;
    expect(answer.header("Content-Type")).toBe(type);
  }
});
