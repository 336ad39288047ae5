/**
 * Prints the processor time of one decision of access control, in nanoseconds, for rules of several kinds and numbers:
 *
 *     node_modules/.bin/bun bench/permissions.ts
 */
import { permissionCosts } from "./lib/permission-costs.ts";

for (const { title, nanoseconds } of await permissionCosts())
  console.log(`${String(nanoseconds).padStart(6)} ns  ${title}`);
