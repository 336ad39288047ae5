import { describe, expect, test } from "bun:test";
import { expectError, get, put, sharedTarget } from "../support/conformance.ts";

const { url } = await sharedTarget();

/**
 * Registers and deregisters a service, and returns the log lines that the agent streams meanwhile, up to one that
 * matches `until`.
 */
async function followed(query: string, until: RegExp): Promise<{ readonly response: Response; readonly text: string }> {
  const client = new AbortController();
  const response = await fetch(`${url}/v1/agent/monitor${query}`, {
    signal: client.signal,
    headers: { "Accept-Encoding": "identity" },
  });
  const decoder = new TextDecoder();
  let text = "";
  const told = (async (): Promise<void> => {
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk);
      if (until.test(text)) return;
    }
  })();
  await put("/v1/agent/service/register", { Name: "followed" });
  await put("/v1/agent/service/deregister/followed");
  await told;
  client.abort();
  return { response, text };
}

describe("agent/monitor", () => {
  test("streams log lines as the agent writes them", async () => {
    const { response, text } = await followed("?loglevel=debug", /Deregistered.*\n/);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBeNull();
    expect(response.headers.get("vary")).toBe("Accept-Encoding");
    expect(text).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:Z|[+-]\d{4}) \[(?:DEBUG|INFO|WARN)\] {1,2}agent[\w.]*: /,
    );
    expect(text).toMatch(/\[(?:INFO|DEBUG)\] {1,2}agent: Deregistered service: service=followed\n/);
  });

  test("sends one JSON object on each line with ?logjson", async () => {
    const { text } = await followed("?loglevel=DEBUG&logjson", /Deregistered.*\n/);
    const lines = text
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect(lines).toContainEqual(
      expect.objectContaining({
        "@message": "Deregistered service",
        "@module": "agent",
        service: "followed",
      }),
    );
  });

  test("at level debug streams each request without its token, whatever log level the agent has", async () => {
    const ended = /url=\/v1\/agent\/service\/deregister\/followed\S* /;
    const { text } = await followed("?loglevel=debug&token=s3cret", ended);
    expect(text).toMatch(
      /\[DEBUG\] agent\.http: Request finished: method=PUT url=\/v1\/agent\/service\/register from=127\.0\.0\.1:\d+ latency=\S+s\n/,
    );
    expect(text).not.toContain("s3cret");
  });

  test("refuses an unknown log level", async () => {
    expectError(await get("/v1/agent/monitor?loglevel=foo"), {
      status: 400,
      text: "Bad request: Unknown log level: foo",
    });
  });
});
