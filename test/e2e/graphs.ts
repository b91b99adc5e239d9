// Manifests whose packages need each other in each way a graph tells of: built, prebuilt, remote, in a circle.
// Knows texts; does not know what is asked of them.

import { makeDeb } from "./deb.ts";

/** Beside a distribution `./small.yaml` that has a `tongue`, and something that provides `bite`. */
export const wardrobe = {
  "image.yaml": `kind: image
name: image
distro: ./small.yaml
architectures: [amd64]
packages: [./greeter.yaml]
outputs: [{type: tar}]
`,
  // Two packages that need each other, one by the other's manifest, the other by name.
  "greeter.yaml": `kind: package
name: greeter
version: "1.0"
builder: deb-files
distro: ./small.yaml
architectures: [all]
dependencies: [./hat.yaml]
files: [{path: /usr/bin/greeter, content: "#!/bin/sh\\necho hello\\n", mode: "0755"}]
deb: {depends: ["tongue (>= 1)"]}
`,
  "hat.yaml": `kind: package
name: hat
version: "2.0"
builder: deb-files
distro: ./small.yaml
architectures: [all]
dependencies: [greeter, ./shoe.yaml]
files: [{path: /usr/share/hat, content: "hat\\n"}]
`,
  "shoe.yaml": `kind: package
name: shoe
builder: deb-prebuilt
distro: ./small.yaml
sources: [{file: ./shoe.deb}]
`,
  get "shoe.deb"() {
    return makeDeb("shoe", {}, { Version: "7", Depends: "bite (>= 2)" }).bytes;
  },
};
