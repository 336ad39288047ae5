/** A kind of image: what it has besides the program, the C library and the certificates of public authorities. */
export interface Flavour {
  readonly name: string;
  /** Packages of Debian, which bring what they depend on. */
  readonly packages: readonly string[];
  /** Programs of these packages. The path may have one "*", for a version. The image has each in /usr/bin, with its libraries. */
  readonly programs: readonly string[];
  /** Names under which the image has busybox, too. */
  readonly applets: readonly string[];
  /** Maximum size of the image for one processor, in MiB, as it is downloaded (compressed). */
  readonly mebibytesMax: number;
}

/** Packages of every image: Bun needs the C library; scanners tell the system by the files of base-files. */
export const basePackages: readonly string[] = ["libc6", "ca-certificates", "base-files"];

export const flavours: readonly Flavour[] = [
  { name: "slim", packages: [], programs: [], applets: [], mebibytesMax: 60 },
  {
    // Script checks of Geneva call these in docker-edgex-consul, which has busybox, too.
    name: "edgex",
    packages: ["busybox", "curl", "jq", "postgresql-client"],
    programs: ["/bin/busybox", "/usr/bin/curl", "/usr/bin/jq", "/usr/lib/postgresql/*/bin/pg_isready"],
    applets: [
      ...["[", "ash", "awk", "basename", "cat", "chmod", "cp", "cut", "date", "df", "dirname", "du", "echo", "egrep"],
      ...[
        "env",
        "expr",
        "false",
        "find",
        "grep",
        "head",
        "hostname",
        "id",
        "kill",
        "ln",
        "ls",
        "mkdir",
        "mktemp",
        "mv",
      ],
      ...["nc", "nslookup", "ping", "printf", "ps", "pwd", "readlink", "rm", "sed", "seq", "sh", "sleep", "sort"],
      ...["stat", "tail", "tee", "test", "touch", "tr", "true", "uname", "uniq", "wc", "wget", "which", "xargs"],
    ],
    mebibytesMax: 68,
  },
];
