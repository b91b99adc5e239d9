// kit log: what a build's commands printed.
// Knows where logs lie and how they are found; does not know what is in them.

import { createReadStream, existsSync, readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";
import { Command, Option } from "clipanion";
import { allDerivations } from "../../evaluator/evaluate.ts";
import { readHistory } from "../../store/history.ts";
import type { Layout } from "../../store/layout.ts";
import { type Digest, digestFromHex } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import type { Parts } from "../composition.ts";
import { durationText, visible } from "../render/text.ts";
import { PlanCommand } from "./command.ts";
import { type Known, knownOf, select, short } from "./selection.ts";

export class LogCommand extends PlanCommand {
  static override paths = [["log"]];
  static override usage = Command.Usage({
    category: "Looking",
    description: "the log of a build",
    details: `
      Logs are found by the first digits of the request's digest, as a failed build's message names them, or by the
      manifest and a derivation (a label or how one begins). With a manifest alone, lists the logs there are.
      A build that printed nothing has no log.
    `,
    examples: [
      ["The log that a failure named", "kit log 5f3a09c2b1d44e7a"],
      ["The log of an image's root", "kit log image.yaml 'hello root'"],
      ["Which logs there are", "kit log image.yaml"],
    ],
  });

  subject = Option.String({ name: "MANIFEST-OR-DIGEST" });
  derivation = Option.String({ name: "DERIVATION", required: false });

  protected override readonly facts = "recorded";

  override async work(parts: Parts): Promise<number> {
    const digits = /^(?:blake3-)?([0-9a-f]{4,64})$/.exec(this.subject)?.[1];
    if (digits !== undefined && this.derivation === undefined && !existsSync(this.absolute(this.subject))) {
      return await this.show(logByDigits(parts.layout, digits), parts);
    }
    const { plan } = await this.plan(this.subject, parts);
    const known = knownOf(allDerivations([...plan.outputs, ...plan.wanted]), (request) =>
      parts.records.result(request),
    );
    if (this.derivation === undefined) return this.list(known, parts);
    const { request, derivation } = select(known, this.derivation);
    if (request === undefined || !existsSync(parts.layout.log(request.digest))) {
      throw new Fault("usage/no-log", `there is no log of ${derivation.builder} ${derivation.label}`, {
        hint:
          request === undefined
            ? "it was not built yet: not all its inputs are there"
            : "it was not built here yet, or it printed nothing",
      });
    }
    return await this.show(request.digest, parts);
  }

  private async show(request: Digest, { layout }: Parts): Promise<number> {
    this.done();
    const stream = createReadStream(layout.log(request));
    const { stdout } = this.context;
    if ((stdout as NodeJS.WriteStream).isTTY) {
      // What a build printed must not command the terminal.
      for await (const line of createInterface({ input: stream }))
        this.print(visible(line.replaceAll("\t", "    ")));
    } else {
      await pipeline(stream, stdout, { end: false });
    }
    return 0;
  }

  private list(known: readonly Known[], { layout, records }: Parts): number {
    this.done();
    const history = readHistory(layout);
    for (const { derivation, request } of known) {
      if (request === undefined || !existsSync(layout.log(request.digest))) continue;
      const note = history.find(request.digest) ?? records.origin(request.digest)?.note;
      // The index can be lost; what has a result did not fail.
      const failed = note?.failed !== undefined || (note === undefined && !records.result(request.digest));
      const record = {
        request: request.digest,
        builder: derivation.builder,
        label: derivation.label,
        ...(note && { duration: note.duration, finished: note.finished }),
        ...(failed && { failed: note?.failed ?? "unknown" }),
      };
      const how = [...(failed ? ["failed"] : []), ...(note ? [durationText(note.duration)] : [])];
      this.print(
        this.json
          ? JSON.stringify(record)
          : `${short(request.digest)} ${[`${derivation.builder} ${derivation.label}`, ...how].join(", ")}`,
      );
    }
    return 0;
  }
}

/** @throws {Fault} `usage/no-log`, `usage/ambiguous` */
export function logByDigits(layout: Layout, digits: string): Digest {
  const fan = `${layout.logs}/${digits.slice(0, 2)}`;
  const names = existsSync(fan) ? readdirSync(fan) : [];
  const found = names.filter((name) => /^[0-9a-f]{64}$/.test(name) && name.startsWith(digits));
  const [first, ...others] = found;
  if (first === undefined)
    throw new Fault("usage/no-log", `no log begins with ${digits}`, {
      hint: "`kit log MANIFEST` lists a manifest's logs",
    });
  if (others.length > 0)
    throw new Fault("usage/ambiguous", `${found.length} logs begin with ${digits}`, { details: found });
  return digestFromHex(first);
}
