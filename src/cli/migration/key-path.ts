/*
 * The path of the file that has a key's value: the key itself wherever that can be, so that a person finds it.
 *
 *   edgex/core/1.0/Service/Port   edgex/core/1.0/Service/Port
 *   a//b/                         a/%/b/%                       an empty name is "%"
 *   a, where there is a/b too     a%value                       a name cannot be a file and a folder
 *   50%                           50%25                         %, \ and control characters by their number
 *   a/../.git                     a/%2E./%2Egit                 what file systems and git have a meaning for
 *   one that is too long          %long/<SHA-256 of the key>    kv-names.json tells the key
 *
 * In a name that export writes "%" is followed by two digits, or by one of these words, or ends it: no two keys have one path.
 */

/** File systems have 255. */
const nameBytesMax = 240;
/** Linux has 4,096 for a whole path. */
const pathBytesMax = 2_048;
const valueMark = "%value";
const longFolder = "%long/";

/** `isFolder`: there are keys below it. */
export function pathOfKey(key: string, isFolder: boolean): string {
  const path = key.split("/").map(nameOf).join("/");
  const isLong =
    Buffer.byteLength(path) > pathBytesMax || path.split("/").some((name) => Buffer.byteLength(name) > nameBytesMax);
  if (isLong) return `${longFolder}${new Bun.CryptoHasher("sha256").update(key).digest("hex")}`;
  return isFolder ? `${path}${valueMark}` : path;
}

/** The key of a path, or the reason why it has none; `longKeys` by their hashes. */
export function keyOfPath(
  path: string,
  longKeys: Readonly<Record<string, unknown>>,
): { readonly key: string } | string {
  if (path.startsWith(longFolder)) {
    const key = longKeys[path.slice(longFolder.length)];
    return typeof key === "string" ? { key } : "kv-names.json does not tell its key";
  }
  const whole = path.endsWith(valueMark) ? path.slice(0, -valueMark.length) : path;
  const names = whole.split("/").map(textOf);
  if (names.includes(undefined)) return "a % in a file's name is written %25";
  return { key: names.join("/") };
}

/** A word as the name of one file, whatever is in it; it never begins with a dot. */
export function fileNameOf(word: string): string {
  const name = escape(word, /[%\\/\u0000-\u001f\u007f]|^\./g) || "%";
  return Buffer.byteLength(name) <= nameBytesMax
    ? name
    : `%${new Bun.CryptoHasher("sha256").update(word).digest("hex")}`;
}

/** Git refuses, or obeys, what begins with .git, and with git~ for the sake of Windows. */
function nameOf(segment: string): string {
  if (segment === "") return "%";
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return escape(segment, /[%\\\u0000-\u001f\u007f]|^\.(?=\.?$|git)|(?<=^git)~/gi);
}

function escape(text: string, what: RegExp): string {
  return text.replace(what, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}

function textOf(name: string): string | undefined {
  if (name === "%") return "";
  if (/%(?![0-9A-F]{2})/i.test(name)) return undefined;
  return name.replace(/%([0-9A-F]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}
