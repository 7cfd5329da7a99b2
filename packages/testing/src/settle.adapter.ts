/** Resolves once every promise reaction queued so far, and every one those queue, has run. */
export function settleMicrotasks(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
