// Macros of rpm builds, as manifests give them.
// Knows which are kit's own; does not know what any of them does.

import * as z from "zod";
import { text } from "../../evaluator/manifest/value.ts";

const own =
  /^(?:_(?:topdir|rpmdir|srcrpmdir|sourcedir|specdir|builddir|buildrootdir|buildhost|build_name_fmt|rpmfilename)|buildroot|(?:use_|clamp_mtime_to_)source_date_epoch.*|build_mtime_policy)$/;

/** The name of a macro, and what it stands for; what kit sets itself is not to be set. */
export const macros = z.record(
  text(
    /^[A-Za-z_][A-Za-z0-9_]{2,}$/,
    "a macro's name",
    "three or more letters, digits and _, no digit first",
  ).check(
    z.refine((name) => !own.test(name), {
      error:
        "is kit's to set\nwhere rpmbuild works, what its results are called and how they are dated is the same for all",
    }),
  ),
  z.string().regex(/^[^\0\n]*$/),
);
