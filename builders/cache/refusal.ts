// What a server answers that does not do as it is asked, as people read it.
// Knows what statuses mean and what can be done about them; does not know what was asked for.

import { Fault } from "../../store/model/fault.ts";
import { HostTrouble } from "../fetch/host.ts";

interface Refusal {
  readonly code: `network/${string}`;
  readonly why: string;
  /** What can be done. */
  readonly hint: string;
}

const token = "name a file with a token that may do this: --token-file, or tokenFile in kit.config.yaml";
const noPut: Refusal = {
  code: "network/read-only",
  why: "it takes no PUT, as servers of files are by themselves",
  hint: "push into the folder that it serves, or to one that `kit serve` runs; or let it take PUT",
};
const repeat = "then repeat the command: what is there already is not sent again";

/** By status (RFC 9110, 15; RFC 4918, 11). Whatever is not here is trouble of the moment. */
const refusals: Readonly<Record<number, Refusal>> = {
  401: { code: "network/refused", why: "it wants to know who asks", hint: token },
  403: { code: "network/refused", why: "it does not let one do this", hint: token },
  405: noPut,
  // Of a file whose folder is missing: one that is there already is none's trouble.
  409: {
    code: "network/refused",
    why: "it makes no folders",
    hint: `let it make them as it takes files, ${repeat}`,
  },
  413: {
    code: "network/no-room",
    why: "it does not take files that large",
    hint: `let it take 128 MiB (nginx: client_max_body_size 128m; kit serve: --max-upload), ${repeat}`,
  },
  501: noPut,
  507: { code: "network/no-room", why: "it has no room for more", hint: `make room there, ${repeat}` },
};

/** What a host did not do, `hint` where that is but trouble of the moment; all else stays as it is. */
export function hostFault(cause: unknown, name: string, hint: string): unknown {
  if (!(cause instanceof HostTrouble)) return cause;
  const { status = 0, message } = cause;
  const refusal = refusals[status];
  if (refusal === undefined) return new Fault("network/unreachable", `${name}: ${message}`, { cause, hint });
  return new Fault(refusal.code, `${name}: ${refusal.why} (HTTP ${status})`, {
    cause,
    hint: refusal.hint,
  });
}
