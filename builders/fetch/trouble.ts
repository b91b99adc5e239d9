// Troubles: why one address did not give a file, and what a person reads when none did.
// Knows how failures rank and are told; does not know how a request is made or repeated.

import { Fault, unreachable } from "../../store/model/fault.ts";

/**
 * What an address's failure means for going on:
 * - `absent`: it does not have the file (404, 410);
 * - `transient`: the same request may succeed a little later;
 * - `refused`: it answered, and will answer the same again (403, a certificate, redirects in a circle);
 * - `oversized`: more bytes than the caller would take, where their number was not known beforehand;
 * - `wrong`: it has other bytes than those asked for.
 */
export type TroubleKind = "absent" | "transient" | "refused" | "oversized" | "wrong";

/** One address's failure. Never leaves this folder: {@link faultFrom} makes a Fault of all of them. */
export class Trouble extends Error {
  override readonly name = "Trouble";
  readonly kind: TroubleKind;
  /** No connection came about at all, or no answer on it, so the whole host is in doubt. */
  readonly unconnected: boolean;
  /** Milliseconds the server asked to be left alone. */
  readonly retryAfter: number | undefined;
  /** Of its answer, where it gave one. */
  readonly status: number | undefined;

  constructor(
    kind: TroubleKind,
    message: string,
    more: { unconnected?: boolean; retryAfter?: number; status?: number; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.kind = kind;
    this.unconnected = more.unconnected ?? false;
    this.retryAfter = more.retryAfter;
    this.status = more.status;
  }
}

export interface FailedAddress {
  readonly url: string;
  readonly trouble: Trouble;
}

/**
 * The Fault of a file that no address gave: `digest/mismatch` where one gave other bytes, else
 * `network/too-large`, else `network/not-found` where none has it, else `network/unreachable`. Its details name
 * each address and its reason.
 */
export function faultFrom(failed: readonly FailedAddress[]): Fault {
  const kind = (["wrong", "oversized"] as const).find((bad) =>
    failed.some(({ trouble }) => trouble.kind === bad),
  );
  const worst = kind ?? (failed.every(({ trouble }) => trouble.kind === "absent") ? "absent" : "transient");
  const name = nameOf(failed[0]?.url ?? "");
  const details = failed.map(({ url, trouble }) => `${showUrl(url)}: ${trouble.message}`);
  const cause = failed.find(({ trouble }) => trouble.kind === worst)?.trouble.cause;
  switch (worst) {
    case "wrong":
      return new Fault("digest/mismatch", `${name}: what was fetched is not what was asked for`, {
        ...{ details, cause, about: "digest" },
        hint: "a mirror may be half-updated, or a proxy may answer in its place: try another through KIT_MIRRORS; if the file was replaced upstream, update its digest in the manifest or run `kit lock --update`",
      });
    case "oversized":
      return new Fault("network/too-large", `${name}: refused, it is larger than such a file may be`, {
        details,
        cause,
        hint: "check that the address names the file that is meant",
      });
    case "absent":
      return new Fault("network/not-found", `${name}: no address has it`, {
        details,
        cause,
        hint: "mirrors drop superseded files: run `kit lock --update`, or name another mirror in KIT_MIRRORS; an address that a manifest names is corrected there, or has others beside it as `mirrors`",
      });
    case "transient":
      return new Fault("network/unreachable", `${name}: could not be fetched`, {
        details,
        cause,
        hint: "check the network and the proxy, name another mirror in KIT_MIRRORS, or build from what the store has with --offline",
      });
    default:
      return unreachable(worst);
  }
}

/** An address as it may be shown and logged: without user, password, query and fragment. */
export function showUrl(url: string): string {
  if (!URL.canParse(url)) return url.replace(/\/\/[^/@]*@/, "//").slice(0, 200);
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

/** The file's name; of an index that is asked for by its digest, the suite, component and architecture. */
function nameOf(url: string): string {
  const shown = showUrl(url).replace(/\/+$/, "");
  const byHash = /\/dists\/(.+)\/by-hash\/\w+\/[0-9a-f]+$/.exec(shown)?.[1];
  if (byHash !== undefined) return byHash;
  return shown.slice(shown.lastIndexOf("/") + 1) || "a file without an address";
}
