import { dirname, join } from "node:path";
import type { FileEvent } from "./system-calls.ts";

/*
 * The possible contents of a disk after a sequence of system calls. It models the weakest disk that still honours
 * syncs:
 *
 * - fsync of a file makes its bytes and its length durable, but not its name.
 * - fsync of a folder makes the names in it durable, but not the content of its files.
 * - Any part of unsynced data may be kept. Each page of 4 KiB, each length and each name is kept as it was at some time
 *   since the last sync, each with a time of its own. In a torn page each sector of 512 bytes has its own time. A range
 *   with a kept length and lost bytes contains zeros or garbage.
 *
 * A time is the number of a system call. A killed process loses nothing here: the system has all its writes.
 */

export const pageBytes = 4_096;
export const sectorBytes = 512;

/** A change of a file since the file's last sync. */
export type Unsynced =
  | { readonly kind: "write"; readonly time: number; readonly at: number; readonly data: Buffer }
  | { readonly kind: "cut"; readonly time: number; readonly size: number };

export class DiskFile {
  durable: Buffer = Buffer.alloc(0);
  unsynced: Unsynced[] = [];

  /** Returns the length just before `time`, in bytes. */
  sizeAt(time: number): number {
    let size = this.durable.byteLength;
    for (const change of this.unsynced) {
      if (change.time >= time) break;
      size = change.kind === "cut" ? change.size : Math.max(size, change.at + change.data.byteLength);
    }
    return size;
  }

  /** Returns the content with every change applied. */
  newest(): Buffer {
    const bytes = Buffer.alloc(this.sizeAt(Infinity));
    this.durable.copy(bytes);
    for (const change of this.unsynced) {
      if (change.kind === "write") change.data.copy(bytes, change.at);
      else bytes.fill(0, Math.min(change.size, bytes.byteLength));
    }
    return bytes;
  }
}

/** The object that a name refers to: a file, a folder or nothing. */
export type Named = DiskFile | "folder" | undefined;

export interface NameChange {
  readonly time: number;
  readonly named: Named;
}

export class Disk {
  /** For each name, the object that it referred to when its folder was last synced, followed by the name's changes since then. */
  readonly names: Map<string, NameChange[]> = new Map();
  #fds = new Map<number, { readonly named: Named; position: number }>();
  #time = 0;

  /** Creates a disk with these files below `root`; all files and folders are synced. */
  static of(files: ReadonlyMap<string, Buffer | "folder">, root: string): Disk {
    const disk = new Disk(root);
    for (const [path, content] of files) {
      const file = new DiskFile();
      if (content !== "folder") file.durable = Buffer.from(content);
      disk.names.set(join(root, path), [{ time: 0, named: content === "folder" ? "folder" : file }]);
    }
    return disk;
  }

  constructor(root: string) {
    this.names.set(root, [{ time: 0, named: "folder" }]);
  }

  named(path: string): Named {
    return this.names.get(path)?.at(-1)?.named;
  }

  /** Returns every file that has a name, or had a name that could exist again after a power cut. */
  get files(): ReadonlySet<DiskFile> {
    const found = new Set<DiskFile>();
    for (const changes of this.names.values())
      for (const { named } of changes) if (named instanceof DiskFile) found.add(named);
    return found;
  }

  /** Closes the file descriptors of the program, as its exit and its kill do. */
  endProgram(): void {
    this.#fds = new Map();
  }

  apply(event: FileEvent): void {
    this.#time++;
    switch (event.kind) {
      case "open":
        return this.#open(event);
      case "write":
        return this.#write(event);
      case "cut":
        this.#file(event.fd).unsynced.push({ kind: "cut", time: this.#time, size: event.size });
        return;
      case "sync":
        return this.#sync(event.fd, event.path);
      case "link":
        return this.#name(event.to, this.named(event.from));
      case "mkdir":
        return this.#name(event.path, "folder");
      case "unlink":
        return this.#name(event.path, undefined);
      case "say":
    }
  }

  #open({ fd, path, makes, cuts }: Extract<FileEvent, { kind: "open" }>): void {
    if (makes && this.named(path) === undefined) this.#name(path, new DiskFile());
    const named = this.named(path);
    this.#fds.set(fd, { named, position: 0 });
    if (cuts && named instanceof DiskFile && named.sizeAt(Infinity) > 0)
      named.unsynced.push({ kind: "cut", time: this.#time, size: 0 });
  }

  #write({ fd, at, data }: Extract<FileEvent, { kind: "write" }>): void {
    const opened = this.#fds.get(fd);
    const from = at ?? opened?.position ?? 0;
    this.#file(fd).unsynced.push({ kind: "write", time: this.#time, at: from, data });
    if (at === undefined && opened !== undefined) opened.position += data.byteLength;
  }

  #sync(fd: number, path: string): void {
    if (this.#fds.get(fd)?.named === "folder") return this.#syncNames(path);
    const file = this.#file(fd);
    file.durable = file.newest();
    file.unsynced = [];
  }

  #syncNames(folder: string): void {
    for (const [path, changes] of this.names) if (dirname(path) === folder) changes.splice(0, changes.length - 1);
  }

  #file(fd: number): DiskFile {
    const named = this.#fds.get(fd)?.named;
    if (!(named instanceof DiskFile)) throw new Error(`descriptor ${fd} is no file of the trial`);
    return named;
  }

  #name(path: string, named: Named): void {
    const changes = this.names.get(path) ?? [{ time: 0, named: undefined }];
    changes.push({ time: this.#time, named });
    this.names.set(path, changes);
  }
}
