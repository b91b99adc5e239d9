// The JSON schema: that it says to an editor what the check says to a person.

import { expect, test } from "vitest";
import { distroKind } from "../../../builders/distro/schema.ts";
import { imageKind } from "../../../builders/image/schema.ts";
import { packageKind } from "../../../builders/package/schema.ts";
import { jsonSchema } from "../../../evaluator/manifest/jsonschema.ts";

interface Schema {
  readonly [key: string]: unknown;
  readonly properties?: Record<string, Schema>;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly required?: readonly string[];
}

const schema = jsonSchema([distroKind, packageKind, imageKind]) as Schema & {
  definitions: Record<string, Schema>;
};

test("chooses by kind", () => {
  expect(schema.properties?.kind).toMatchObject({ enum: ["distro", "package", "image"] });
  expect(schema.allOf).toHaveLength(3);
  expect(Object.keys(schema.definitions)).toEqual(["distro", "package", "image"]);
});

test("refuses unknown keys, asks for no key that has a default", () => {
  const image = schema.definitions.image;
  expect(image).toMatchObject({
    additionalProperties: false,
    required: ["kind", "name", "outputs"],
  });
  expect(image?.properties?.users?.items).toMatchObject({
    additionalProperties: false,
    required: ["name"],
  });
});

test("describes every key a manifest can have at its top", () => {
  const tops = [
    schema.definitions.distro,
    schema.definitions.image,
    ...(schema.definitions.package?.oneOf ?? []),
  ];
  expect(tops).toHaveLength(12);
  for (const top of tops) {
    for (const [key, value] of Object.entries(top?.properties ?? {})) {
      if (key !== "kind" && key !== "builder") expect(value.description, key).toBeTypeOf("string");
    }
  }
});

test("lets a variable stand where a text has one form, and nothing else that is wrong", () => {
  const name = schema.definitions.image?.properties?.packages?.items?.pattern;
  const pattern = new RegExp(String(name));
  expect(["linux-image-${arch}", "less", "./a.yaml"].filter((text) => pattern.test(text))).toHaveLength(3);
  expect(["Less", "a b", "$arch"].filter((text) => pattern.test(text))).toEqual([]);
  const buildType = schema.definitions.image?.properties?.buildType;
  expect(buildType?.anyOf).toEqual([{ enum: ["debug", "release"] }, { pattern: "\\$\\{" }]);
});

test("is plain JSON, and the same every time", () => {
  expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  expect(jsonSchema([distroKind, packageKind, imageKind])).toEqual(schema);
});
