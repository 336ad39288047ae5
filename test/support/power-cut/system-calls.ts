/**
 * Parses the output of `strace -f -y -xx` for a program's calls on files below a folder. An unknown call that could
 * change a file is an error, so that none is missed.
 */

export type FileEvent =
  | {
      readonly kind: "open";
      readonly fd: number;
      readonly path: string;
      readonly makes: boolean;
      readonly cuts: boolean;
    }
  | { readonly kind: "write"; readonly fd: number; readonly at: number | undefined; readonly data: Buffer }
  | { readonly kind: "cut"; readonly fd: number; readonly size: number }
  | { readonly kind: "sync"; readonly fd: number; readonly path: string }
  | { readonly kind: "link"; readonly from: string; readonly to: string }
  | { readonly kind: "unlink" | "mkdir"; readonly path: string }
  /** Text that the program wrote to stdout. */
  | { readonly kind: "say"; readonly text: string };

/** The system calls that strace must record. */
export const watchedCalls: string =
  "openat,open,creat,write,writev,pwrite64,pwritev,pwritev2,ftruncate,truncate,fallocate,fsync,fdatasync,sync_file_range," +
  "rename,renameat,renameat2,unlink,unlinkat,rmdir,mmap,msync,link,linkat,symlink,symlinkat,mkdir,mkdirat," +
  "copy_file_range,sendfile,splice,lseek,dup,dup2,dup3";

const callPattern = /^(\d+) +(\w+)\((.*)\) += (-?\d+|\?)/;
const interruptedPattern = /^(\d+) +(.*) <unfinished \.\.\.>$/;
const resumedPattern = /^(\d+) +<\.\.\. \w+ resumed>(.*)$/;

/** Yields the calls that changed something below `root`, in order, and the program's output. */
export function* readSystemCalls(trace: string, root: string): Generator<FileEvent> {
  for (const line of wholeLines(trace)) {
    const [, , name = "", packed = "", result = ""] = callPattern.exec(line) ?? [];
    // The system call failed, or its thread was killed during it.
    if (result === "" || result === "?" || Number(result) < 0) continue;
    const call = { name, fields: packed.split(", "), result: Number(result) };
    const event = saidIn(call) ?? (isBelow(root, call) ? changeIn(call) : undefined);
    if (event !== undefined) yield event;
  }
}

/** Joins the two lines of a call that a line of another thread interrupted. The joined line takes the place of the second. */
function* wholeLines(trace: string): Generator<string> {
  const begun = new Map<string, string>();
  for (const line of trace.split("\n")) {
    const [, interruptedBy, beginning] = interruptedPattern.exec(line) ?? [];
    const [, resumedBy, rest] = resumedPattern.exec(line) ?? [];
    if (interruptedBy !== undefined) begun.set(interruptedBy, beginning ?? "");
    else if (resumedBy !== undefined) yield `${resumedBy} ${begun.get(resumedBy) ?? ""}${rest}`;
    else yield line;
  }
}

interface Call {
  readonly name: string;
  readonly fields: readonly string[];
  readonly result: number;
}

function saidIn({ name, fields: [to = "", text = ""] }: Call): FileEvent | undefined {
  return name === "write" && to.startsWith("1<") ? { kind: "say", text: bytesOf(text).toString() } : undefined;
}

function isBelow(root: string, { fields }: Call): boolean {
  return fields.some((field) => pathIn(field).startsWith(root));
}

function changeIn({ name, fields, result }: Call): FileEvent | undefined {
  const [first = "", second = "", third = "", fourth = ""] = fields;
  switch (name) {
    case "openat":
      return { kind: "open", fd: result, path: pathIn(second), ...opening(third) };
    case "write":
      return { kind: "write", fd: fdOf(first), at: undefined, data: bytesOf(second).subarray(0, result) };
    case "pwrite64":
      return { kind: "write", fd: fdOf(first), at: Number(fourth), data: bytesOf(second).subarray(0, result) };
    case "ftruncate":
      return { kind: "cut", fd: fdOf(first), size: Number(second) };
    case "fsync":
    case "fdatasync":
      return { kind: "sync", fd: fdOf(first), path: pathIn(first) };
    case "link":
      return { kind: "link", from: pathIn(first), to: pathIn(second) };
    case "unlink":
    case "rmdir":
      return { kind: "unlink", path: pathIn(first) };
    case "unlinkat":
      return { kind: "unlink", path: joined(first, second) };
    case "mkdir":
      return { kind: "mkdir", path: pathIn(first) };
    case "mmap":
      if (!(third.includes("PROT_WRITE") && fourth.includes("MAP_SHARED"))) return undefined;
  }
  throw new Error(`the trial does not know what becomes of ${name}(${fields.map(pathIn).join(", ").slice(0, 200)})`);
}

function opening(flags: string): { makes: boolean; cuts: boolean } {
  return { makes: flags.includes("O_CREAT"), cuts: flags.includes("O_TRUNC") };
}

function fdOf(field: string): number {
  return Number.parseInt(field, 10);
}

/** Returns the path in an argument, or the path that strace adds to a file descriptor. */
function pathIn(field: string): string {
  const [, told = field] = /^[\w-]+<(.*?)>/.exec(field) ?? [];
  return told.includes("\\x") ? bytesOf(told).toString() : told.replaceAll('"', "");
}

function joined(folder: string, name: string): string {
  const path = pathIn(name);
  return path.startsWith("/") ? path : `${pathIn(folder)}/${path}`;
}

function bytesOf(field: string): Buffer {
  return Buffer.from(field.replaceAll(/\\x|"/g, ""), "hex");
}
