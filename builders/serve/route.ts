// What a request is about: a file of the cache, or a question in bulk.
// Knows addresses; does not know who may ask, nor what is there.

import { timingSafeEqual } from "node:crypto";
import { isCacheName } from "../../store/cache/names.ts";

export const questions = ["results", "has", "ranges"] as const;
export type Question = (typeof questions)[number];

export type Route =
  | { readonly kind: "file"; readonly name: string }
  | { readonly kind: "bulk"; readonly question: Question }
  | { readonly kind: "none" };

/** `target` is the request's, `prefix` what stands before `/` and a name: empty, or `/` and more. */
export function routeOf(target: string, prefix: string): Route {
  const path = pathOf(target);
  // The prefix may be a secret: how long the comparison takes tells nothing of it.
  if (!isSame(path.slice(0, prefix.length + 1), `${prefix}/`)) return none;
  const name = path.slice(prefix.length + 1);
  if (isCacheName(name)) return { kind: "file", name };
  const question = questions.find((each) => name === `bulk/${each}`);
  return question === undefined ? none : { kind: "bulk", question };
}

/** The path as it is written: every character of a name stands for itself, so nothing needs decoding. */
function pathOf(target: string): string {
  // A proxy may be sent the whole address (RFC 9112, 3.2.2).
  const path = target.replace(/^https?:\/\/[^/?#]*/i, "");
  const query = path.indexOf("?");
  return query < 0 ? path : path.slice(0, query);
}

export function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

const none: Route = { kind: "none" };
