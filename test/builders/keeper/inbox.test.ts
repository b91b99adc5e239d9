// The keeper's inbox: what an interrupt is to whoever runs, and what comes back to the caller.

import { expect, test } from "vitest";
import { openInbox } from "../../../builders/keeper/inbox.ts";
import type { FromKeeper, ToKeeper } from "../../../builders/keeper/protocol.ts";

test("what an interrupt breaks off is told as interrupted, not as a defect", async () => {
  const sent: FromKeeper[] = [];
  let tell: (message: ToKeeper) => void = () => {};
  const inbox = openInbox(
    (listener) => {
      tell = listener;
    },
    (message) => sent.push(message),
  );
  const served = inbox.serve({
    wait: () =>
      new Promise((_, reject) =>
        inbox.interrupted.addEventListener("abort", () => reject(inbox.interrupted.reason)),
      ),
  });
  tell({ id: 1, method: "wait", args: [] });
  tell({ interrupt: true });
  tell({ close: true });
  await served;
  expect(sent).toMatchObject([{ id: 1, faults: [{ code: "interrupted/request" }] }]);
});
