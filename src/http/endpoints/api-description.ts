import { sendPacked } from "../answers.ts";
import { readApiDescription } from "../api-description.ts";
import type { Endpoint } from "../route.ts";

/** Answers with the description of this API in OpenAPI 3.1. The agent keeps it on the disk, or in its executable, not in memory. */
export const getApiDescription: Endpoint = async (request) =>
  sendPacked(request, await readApiDescription(), { "Content-Type": "application/json" });
