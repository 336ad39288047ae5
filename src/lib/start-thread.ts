/**
 * Starts a thread. In an executable of `bun build --compile` its module is a further entry point (scripts/compile-praetor.ts), at its
 * path relative to the common folder of all entry points; there, import.meta.url is not the URL of a source file.
 * @param source the module of the thread, for a process that runs from source
 * @param built the path of its entry point in the executable: "doctor/worker.js"
 */
export function startThread(name: string, source: URL, built: string): Worker {
  const script = Bun.isStandaloneExecutable ? `/$bunfs/root/${built}` : source.href;
  // smol: a small heap that is collected often. Without it, loading 200,000 rows leaves tens of MiB of garbage.
  return new Worker(script, { smol: true, name });
}
