// The second turn where packages are rpms: what a name alone would not give is asked for as dnf writes one package.

import { expect, test } from "vitest";
import { workloadKind } from "../../../builders/workload/schema.ts";
import { keysIn } from "../../../evaluator/view/answer.ts";
import { composeView } from "../../../evaluator/view/compose.ts";
import { viewQuestion } from "../../../evaluator/view/question.ts";
import { rpmSupply } from "../../../evaluator/view/rpms.ts";
import { rpm, universeOf } from "../rpm/repository.ts";

const packages = [
  ...[rpm("app"), rpm("make"), rpm("plain"), rpm("plain 0-1"), rpm("old 2-1"), rpm("old 1:2-1")],
  ...[rpm("thin 1-1 i686", { Provides: ["thin(32)"] }), rpm("thin"), rpm("thin 2-1 i686")],
  ...[rpm("ancient"), rpm("newer", { Obsoletes: ["ancient < 2"] })],
];

function compose(workloads: Readonly<Record<string, readonly string[]>>) {
  const later = { Version: "0~placeholder-0", Architecture: "x86_64", Source: "later-0-0.src.rpm" };
  const question = viewQuestion({
    view: "view",
    source: { distro: "small", architecture: "x86_64", format: "rpm", repositories: [], pins: [] },
    base: [],
    buildroot: ["make"],
    placeholders: { later: ["old < 1:0", "plain", "thin(32)", "ancient"] },
    workloads: Object.entries(workloads).map(([name, requests]) => ({
      ...{ name, requests, groups: [], strict: true },
      locals: name === "a" ? [{ Package: "later", ...later }] : [],
    })),
  });
  return composeView(question, (locals) => rpmSupply(universeOf(packages, { locals }), [], [])).view;
}

test("asks for the epoch, version, release and architecture, and finds nothing new", () => {
  const once = compose({ a: ["later"] });
  expect(once.buildroot?.parties).toEqual([
    ["ancient-0:1-1.x86_64", "make", "old-0:2-1.x86_64", "plain", "thin-0:1-1.i686", "thin-0:1-1.x86_64"],
  ]);
  const [party = []] = once.buildroot?.parties ?? [];
  const written = { kind: "workload", name: "w", packages: party };
  expect(workloadKind.schema.parse(written)).toMatchObject({ packages: party });
  const again = compose({ a: ["later"], party });
  expect(again.buildroot?.packages).toEqual({});
  expect(keysIn(again)).toEqual(keysIn(once));
});
