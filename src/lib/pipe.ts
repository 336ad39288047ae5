import { libc } from "./libc.ts";

/**
 * The two descriptors of a pipe; the caller closes both. Scripts get a pipe where node:child_process would give them a
 * socket: unlike a socket, a pipe can be opened again as /dev/stdout or /dev/stderr, and one pipe for both outputs keeps
 * their order.
 */
export interface Pipe {
  readonly readEnd: number;
  readonly writeEnd: number;
}

/** Linux's O_CLOEXEC: a program that the agent starts does not inherit a pipe that has this flag. */
const closeOnExec = 0o2000000;

/** Creates a pipe. @throws Error when the process or the system has no descriptors left */
export function openPipe(): Pipe {
  const descriptors = new Int32Array(2);
  if (libc().pipe2(descriptors, closeOnExec) !== 0) {
    throw Object.assign(new Error("pipe2: too many open files"), { code: "EMFILE" });
  }
  const [readEnd = -1, writeEnd = -1] = descriptors;
  return { readEnd, writeEnd };
}
