/** Writes docs/openapi.json, the description of the HTTP API, and docs/config.schema.json, that of configuration files. */
import { writeFileSync } from "node:fs";
import { configurationSchema } from "../src/config/json-schema.ts";
import { describeApi } from "./openapi/describe.ts";

const descriptions = { "docs/openapi.json": describeApi(), "docs/config.schema.json": configurationSchema() };
for (const [file, content] of Object.entries(descriptions))
  writeFileSync(file, `${JSON.stringify(content, undefined, 1)}\n`);
