import { expect, onTestFinished } from "bun:test";
import { put } from "./conformance.ts";

/** Creates a session that is destroyed after the test; returns its id. */
export async function createSession(wishes: object = {}): Promise<string> {
  const answer = await put("/v1/session/create", wishes);
  expect(answer.status).toBe(200);
  const { ID } = answer.json as { ID: string };
  onTestFinished(async () => void (await put(`/v1/session/destroy/${ID}`)));
  return ID;
}
