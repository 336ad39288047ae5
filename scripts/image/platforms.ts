import { assert } from "../../src/lib/assert.ts";
import { type Target, targets } from "../release/targets.ts";

/** A processor for which there are images. Bun runs on no 32-bit ARM. */
export interface Platform {
  /** The processor's name in Debian and in images. */
  readonly architecture: "amd64" | "arm64";
  /** The kind of machine for which the program is built. */
  readonly target: Target;
  /** The folder of Debian's libraries for it, below /usr/lib. */
  readonly libraries: string;
  /** The program that loads libraries, as executables name it. */
  readonly loader: string;
}

export const platforms: readonly Platform[] = [
  {
    architecture: "amd64",
    target: targetFor("amd64"),
    libraries: "x86_64-linux-gnu",
    loader: "/lib64/ld-linux-x86-64.so.2",
  },
  {
    architecture: "arm64",
    target: targetFor("arm64"),
    libraries: "aarch64-linux-gnu",
    loader: "/lib/ld-linux-aarch64.so.1",
  },
];

function targetFor(architecture: string): Target {
  const found = targets.find(({ debianArchitecture }) => debianArchitecture === architecture);
  assert(found !== undefined, `there are executables for ${architecture}`);
  return found;
}
