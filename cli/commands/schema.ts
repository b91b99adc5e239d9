// kit schema: the JSON schema of manifests, for editors.
// Knows which kinds there are; does not know what they hold.

import { Command, Option } from "clipanion";
import { jsonSchema } from "../../evaluator/manifest/jsonschema.ts";
import { nearest } from "../../evaluator/manifest/nearest.ts";
import { Fault } from "../../store/model/fault.ts";
import { kinds } from "../kinds.ts";
import { KitCommand } from "./command.ts";

export class SchemaCommand extends KitCommand {
  static override paths = [["schema"]];
  static override usage = Command.Usage({
    category: "Looking",
    description: "the JSON schema of manifests, for editors",
    details: `Of all kinds, chosen by a manifest's \`kind\`, or of one: ${kinds.map(({ name }) => name).join(", ")}.`,
    examples: [
      ["For an editor's YAML server", "kit schema >kit.schema.json"],
      ["What an image may hold", "kit schema image"],
    ],
  });

  kind = Option.String({ name: "KIND", required: false });

  override async execute(): Promise<number> {
    const names = kinds.map(({ name }) => name);
    const wanted = kinds.filter(({ name }) => this.kind === undefined || name === this.kind);
    if (wanted.length === 0) {
      const close = nearest(this.kind ?? "", names);
      throw new Fault("usage/no-kind", `there is no kind ${JSON.stringify(this.kind)}`, {
        hint: close === undefined ? `one of ${names.join(", ")}` : `did you mean ${close}?`,
      });
    }
    this.print(JSON.stringify(jsonSchema(wanted), null, 2));
    return 0;
  }
}
