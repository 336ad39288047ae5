import { dlopen, type Library } from "bun:ffi";

const functions = {
  pipe2: { args: ["ptr", "i32"], returns: "i32" },
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i64" },
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
  close: { args: ["i32"], returns: "i32" },
  clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
} as const;

let opened: Library<typeof functions> | undefined;

/**
 * Returns the functions of the C library that Bun has no API for. Opens the library once, on first use, because Bun then
 * compiles each function, in some 2 ms. musl provides the library under glibc's name, too.
 */
export function libc(): Library<typeof functions>["symbols"] {
  opened ??= dlopen("libc.so.6", functions);
  return opened.symbols;
}
