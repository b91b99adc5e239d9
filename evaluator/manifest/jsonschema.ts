// The JSON schema of all kinds, for editors.
// Knows how zod's schemas become JSON; does not know any kind.

import * as z from "zod";
import type { Kind } from "../kind.ts";

/**
 * A JSON schema (draft 7, which editors' YAML servers read best) of every manifest, chosen by `kind`. Where a text
 * has one form or is one of several, it may hold a variable as well.
 */
export function jsonSchema(kinds: readonly Kind<unknown>[]): Record<string, unknown> {
  const names = kinds.map(({ name }) => name);
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "A kit manifest",
    type: "object",
    required: ["kind"],
    properties: { kind: { enum: names, description: "What this manifest describes." } },
    allOf: names.map((name) => ({
      if: { properties: { kind: { const: name } }, required: ["kind"] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON schema
      then: { $ref: `#/definitions/${name}` },
    })),
    definitions: Object.fromEntries(kinds.map((kind) => [kind.name, definition(kind)])),
  };
}

function definition(kind: Kind<unknown>): Record<string, unknown> {
  const { $schema: _, ...schema } = z.toJSONSchema(kind.schema, {
    target: "draft-7",
    io: "input",
    override: ({ jsonSchema: inner, path }) => {
      if (path.at(-1) !== "propertyNames") allowVariables(inner as Record<string, unknown>);
    },
  });
  return schema;
}

const variable = "\\$\\{";

function allowVariables(schema: Record<string, unknown>): void {
  // Zod asks again about a schema that others wrap.
  if (typeof schema.pattern === "string" && !schema.pattern.endsWith(variable)) {
    schema.pattern = `${schema.pattern}|${variable}`;
  }
  if (Array.isArray(schema.enum) && schema.type === "string") {
    schema.anyOf = [{ enum: schema.enum }, { pattern: variable }];
    delete schema.enum;
  }
}
