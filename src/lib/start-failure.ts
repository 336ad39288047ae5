import { messageOf } from "./errors.ts";

const causes: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  ENOTDIR: "not a directory",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  ENOEXEC: "exec format error",
  ELOOP: "too many levels of symbolic links",
  E2BIG: "argument list too long",
  ENOMEM: "cannot allocate memory",
  EAGAIN: "resource temporarily unavailable",
  EMFILE: "too many open files",
  ERR_INVALID_ARG_VALUE: "no such file or directory", // Bun's code for an empty name
};

/** Returns the error text that Go, and so Consul, gives for a program that could not be started. */
export function startFailureText(program: string, error: unknown): string {
  const code = codeOf(error);
  const isSearched = program !== "" && !program.includes("/");
  if (isSearched && code === "ENOENT") return `exec: ${JSON.stringify(program)}: executable file not found in $PATH`;
  return `fork/exec ${program}: ${causes[code] ?? messageOf(error)}`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
