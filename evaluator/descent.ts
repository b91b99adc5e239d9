// Descents: recursion that goes as deep as the data does, on the heap in place of the call stack.
// Knows who waits for whose answer; does not know what is asked.

/** A function that yields where it would call itself, and gets back what that call comes to. */
export interface Descent extends Generator<Descent, boolean, boolean> {}

/** What a descent comes to. The call stack holds some thousand calls; chains of dependencies know no such bound. */
export function descend(descent: Descent): boolean {
  const waiting: Descent[] = [];
  let [current, answer]: [Descent, boolean] = [descent, false];
  for (;;) {
    const { done, value } = current.next(answer);
    if (!done) {
      waiting.push(current);
      [current, answer] = [value, false];
      continue;
    }
    const asking = waiting.pop();
    if (asking === undefined) return value;
    [current, answer] = [asking, value];
  }
}
