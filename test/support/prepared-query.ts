import { expect, onTestFinished } from "bun:test";
import { del, send } from "./conformance.ts";

/** Creates a prepared query that is deleted after the test; returns its id. */
export async function createPreparedQuery(definition: object): Promise<string> {
  const answer = await send("POST", "/v1/query", { body: definition });
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status: 200 });
  const { ID } = answer.json as { ID: string };
  onTestFinished(async () => void (await del(`/v1/query/${ID}`)));
  return ID;
}
