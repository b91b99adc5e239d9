#!/bin/sh
# Installs the Debian packages that tests compare kit with or boot images in. kit itself needs none of them.
set -eu
missing=
need() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || missing="$missing $2"; }
need mmdebstrap mmdebstrap
need qemu-system-x86_64 qemu-system-x86
need skopeo skopeo
need umoci umoci
need unsquashfs squashfs-tools
need mkfs.ext4 e2fsprogs
need mkfs.xfs xfsprogs
need newuidmap uidmap
need bsdtar libarchive-tools
need setcap libcap2-bin
need getfattr attr
need xz xz-utils
need zstd zstd
need gpg gnupg
need nginx nginx-light
need rpmbuild rpm
need createrepo_c createrepo-c
need dnf dnf
need mount.exfat-fuse exfat-fuse
need mkfs.exfat exfatprogs
need dot graphviz
need xmllint libxml2-utils
need chromium chromium
perl -MDpkg::Deps -e 1 2>/dev/null || missing="$missing libdpkg-perl"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" != 0 ]; then
  echo "tests need these Debian packages; as root: apt-get install --no-install-recommends$missing" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 $missing >/dev/null
