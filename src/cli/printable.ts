/** Removes line breaks and control characters from text such as a check's output, so that a terminal does not interpret it. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- the characters to remove
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ").trim();
}
