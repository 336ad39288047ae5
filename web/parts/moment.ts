/** Returns a moment of the past for a sentence: "02:10" today, with the date before that. */
export function momentOf(ms: number): string {
  const at = new Date(ms);
  const isToday = at.toDateString() === new Date().toDateString();
  return isToday ? at.toTimeString().slice(0, 5) : at.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}
