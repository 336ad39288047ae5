import { dlopen, ptr } from "bun:ffi";

/**
 * The two descriptors of a pipe; the caller closes both. Programs get a pipe where node:child_process would give
 * them a socket: unlike a socket it can be opened again as /dev/stdin, /dev/stdout or /dev/stderr, and one pipe for both
 * outputs keeps their order.
 */
export interface Pipe {
  readonly readEnd: number;
  readonly writeEnd: number;
}

/** O_CLOEXEC: other programs that are started meanwhile do not inherit it. */
const closeOnExec = 0o2000000;

let libc: ReturnType<typeof openLibc> | undefined;

function openLibc(): { pipe2(descriptors: Int32Array, flags: number): number } {
  const { symbols } = dlopen("libc.so.6", { pipe2: { args: ["ptr", "i32"], returns: "i32" } });
  return { pipe2: (descriptors, flags) => symbols.pipe2(ptr(descriptors), flags) };
}

/** @throws Error when the process or the system has no descriptors left */
export function openPipe(): Pipe {
  libc ??= openLibc();
  const descriptors = new Int32Array(2);
  if (libc.pipe2(descriptors, closeOnExec) !== 0) {
    throw Object.assign(new Error("pipe2: too many open files"), { code: "EMFILE" });
  }
  const [readEnd = -1, writeEnd = -1] = descriptors;
  return { readEnd, writeEnd };
}
