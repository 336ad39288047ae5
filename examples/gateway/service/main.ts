import { runService } from "./bootstrap.ts";
import { coreCommand } from "./core-command.ts";
import { coreData } from "./core-data.ts";
import { coreMetadata } from "./core-metadata.ts";
import { deviceVirtual } from "./device-virtual.ts";

const definitions = {
  "core-metadata": coreMetadata,
  "core-data": coreData,
  "core-command": coreCommand,
  "device-virtual": deviceVirtual,
};

const [name = "", ...args] = process.argv.slice(2);
if (!(name in definitions)) {
  console.error(`usage: bun main.ts ${Object.keys(definitions).join("|")} [-cp=URL] [-r] [-c=FOLDER] [-o]`);
  process.exit(2);
}
process.exit(await runService(definitions[name as keyof typeof definitions], args));
