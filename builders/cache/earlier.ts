// Earlier contents: what the same derivation, as people call it, became before.
// Knows labels and dates of results; does not know how like two contents are.

import { secondsOf } from "../../store/budget.ts";
import { type Content, splitContent } from "../../store/model/derivation.ts";
import { recordedRequests } from "../../store/records.ts";
import type { Store } from "../builder.ts";

/** For each content those that results of the same builder, label and output were, the youngest first. */
export function earlierContents(
  contents: readonly Content[],
  { layout, records }: Pick<Store, "layout" | "records">,
): Map<Content, Content[]> {
  const byTitle = new Map<string, { readonly content: Content; readonly used: number }[]>();
  for (const request of recordedRequests(layout)) {
    const note = records.origin(request)?.note;
    const result = note && records.result(request);
    for (const [name, content] of Object.entries(result?.outputs ?? {})) {
      const title = `${note?.builder} ${note?.label} ${name}`;
      const same = byTitle.get(title) ?? [];
      same.push({ content, used: secondsOf(layout.result(request), "mtimeMs") });
      byTitle.set(title, same);
    }
  }
  const wanted = new Set(contents);
  const earlier = new Map<Content, Content[]>(contents.map((content) => [content, []]));
  for (const same of byTitle.values()) {
    const others = same.toSorted((a, b) => b.used - a.used).map(({ content }) => content);
    for (const content of new Set(others.filter((one) => wanted.has(one)))) {
      const { kind } = splitContent(content);
      for (const one of others)
        if (one !== content && splitContent(one).kind === kind && records.has(one))
          earlier.get(content)?.push(one);
    }
  }
  return earlier;
}
