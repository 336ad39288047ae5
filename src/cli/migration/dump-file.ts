import { open } from "node:fs/promises";
import { OperatingError } from "../../lib/errors.ts";
import { fileFailure } from "../../lib/file-failure.ts";
import { decodeFailureReason } from "../../wire/json.ts";
import { decodeKvTree } from "../../wire/kv-tree.ts";
import { CommandFailure } from "../command-failure.ts";
import { foundIn, type RegistryRows } from "./agent-inventory.ts";
import { consulStateRows } from "./consul-state.ts";
import type { Found } from "./inventory.ts";

/**
 * Reads a snapshot of Consul or Praetor, or the output of `kv export`. The content of the file shows which one it is.
 * @throws CommandFailure if the file is none of these, or is damaged
 */
export async function readDump(path: string): Promise<Found> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    const isArchive = bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
    return isArchive ? await readSnapshot(path) : readTree(path, await file.readFile());
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    if (error instanceof OperatingError) throw new CommandFailure(`Error reading ${path}: ${error.message}`);
    throw new CommandFailure(`Error reading ${path}: ${fileFailure(error)}`);
  }
}

function readTree(path: string, bytes: Uint8Array): Found {
  try {
    const keys = decodeKvTree(bytes);
    const nothingElse = { services: [], checks: [], nodes: [], queries: [] };
    const inventory = { keys, ...nothingElse };
    return { where: `the keys in ${path}`, inventory, vagueChecks: new Set(), remarks: [], checkRemarks: [] };
  } catch (error) {
    const why = decodeFailureReason(error);
    throw new CommandFailure(`${path} is neither a snapshot nor what kv export prints: ${why}`);
  }
}

/** The first bytes of the state in a Praetor snapshot; a snapshot without them is Consul's. */
const praetorMagic = Buffer.from("praetor-state ");

async function readSnapshot(path: string): Promise<Found> {
  const { unpackArchive } = await import("../../lib/checked-archive.ts");
  const blocks: Uint8Array[] = [];
  const wanted = {
    ...{ texts: ["meta.json"], streamed: "state.bin", bytesMax: Number.MAX_SAFE_INTEGER },
    receive: (block: Uint8Array) => void blocks.push(block),
  };
  await unpackArchive(Bun.file(path).stream(), wanted);
  const state = Buffer.concat(blocks);
  const isPraetors = state.subarray(0, praetorMagic.length).equals(praetorMagic);
  const rows = isPraetors ? await praetorRows(state) : await consulStateRows(state);
  return { where: `the ${isPraetors ? "Praetor" : "Consul"} snapshot ${path}`, ...foundIn(rows) };
}

async function praetorRows(state: Uint8Array): Promise<RegistryRows> {
  const { praetorStateRows } = await import("./praetor-state.ts");
  return praetorStateRows(state);
}
