// What kit lock says of unwanted packages: a line for each, with the way of one workload and how many have it too.

import { expect, test } from "vitest";
import { toldOnce } from "../../../builders/lock/once.ts";
import { unwantedRemarks } from "../../../builders/view/unwanted.ts";
import type { Unwanted } from "../../../evaluator/view/result.ts";

const case_ = (
  architecture: string,
  workload: string,
  what: Unwanted["what"],
  name: string,
  way: string,
): Unwanted => ({
  ...{ architecture, workload, what, name },
  chain: way.split(" ").map((each) => ({ package: each, relation: each })),
});

test("is told once for each package, and once for all architectures where it is the same", () => {
  const remarks = unwantedRemarks([
    case_("amd64", "mail", "package", "libssl3", "postfix libssl3"),
    case_("amd64", "web", "package", "libssl3", "nginx libssl3"),
    case_("amd64", "web", "source", "cyrus-sasl2", "curl libldap libsasl2-2"),
    case_("amd64", "web", "source", "cyrus-sasl2", "curl libldap libsasl2-2 libsasl2-modules"),
    case_("arm64", "web", "source", "cyrus-sasl2", "curl libldap libsasl2-2"),
  ]);
  const first =
    "workload mail pulls in libssl3, which is unwanted: postfix -> libssl3; so does 1 other workload";
  const second =
    "workload web pulls in libsasl2-2 of cyrus-sasl2, which is unwanted: curl -> libldap -> libsasl2-2";
  expect(toldOnce(remarks, ["amd64", "arm64"])).toEqual([`${first} (amd64)`, `${second} (amd64, arm64)`]);
  expect(toldOnce(remarks.slice(0, 3), ["amd64"])).toEqual([first, second]);
});
