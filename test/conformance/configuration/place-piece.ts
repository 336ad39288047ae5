import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Piece } from "./piece.ts";

/** A piece whose files stay on the disk until it is disposed of. */
export interface PlacedPiece extends Disposable {
  /** The arguments of `validate`; undefined for a piece with fragments. */
  readonly validateWords: readonly string[] | undefined;
  /** The arguments of `agent` for this piece, without those that set addresses and ports. */
  readonly agentWords: readonly string[];
}

export function placePiece({ files, format, fragments = [], paths = ["."] }: Piece): PlacedPiece {
  const root = mkdtempSync(join(tmpdir(), "piece-"));
  const folder = join(root, "config");
  mkdirSync(folder);
  for (const [path, text] of Object.entries(files)) place(join(folder, path), text);
  const dataDir = join(root, "data");
  // `validate` needs a complete configuration, which includes a data folder.
  const base = join(root, "base.json");
  writeFileSync(base, JSON.stringify({ data_dir: dataDir }));
  const named = paths.map((path) => join(folder, path));
  const formatWords = format === undefined ? [] : ["-config-format", format];
  return {
    validateWords: fragments.length > 0 ? undefined : [...formatWords, base, ...named],
    agentWords: [
      ...["-server", "-data-dir", dataDir, ...formatWords],
      ...named.flatMap((path) => ["-config-file", path]),
      ...fragments.flatMap((fragment) => ["-hcl", fragment]),
    ],
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

function place(path: string, text: string): void {
  mkdirSync(path.endsWith("/") ? path : dirname(path), { recursive: true });
  if (text.startsWith("-> ")) symlinkSync(text.slice(3), path);
  else if (!path.endsWith("/")) writeFileSync(path, text);
}
