export interface Patience {
  readonly withinMs: number;
  readonly everyMs: number;
}

/** Polls until a condition is true. @throws Error that names the condition if it is not true within `patience.withinMs` */
export async function until(what: string, patience: Patience, isTrue: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + patience.withinMs;
  while (!(await isTrue())) {
    if (performance.now() > deadlineMs) throw new Error(`waited ${patience.withinMs / 1_000} s until ${what}`);
    await Bun.sleep(patience.everyMs);
  }
}
