#!/usr/bin/env bash
# Installs what the build needs beside Go, or names it exactly.
set -euo pipefail

missing=()
command -v gcc >/dev/null || missing+=(build-essential)
command -v pkg-config >/dev/null || missing+=(pkg-config)
pkg-config --exists vips 2>/dev/null || missing+=(libvips-dev)
[ ${#missing[@]} -eq 0 ] && exit 0

install="apt-get install -y --no-install-recommends ${missing[*]}"
if ! command -v apt-get >/dev/null; then
	echo "missing: ${missing[*]} (Debian's names); install them with your package manager" >&2
	exit 1
fi
become=""
if [ "$(id -u)" -ne 0 ]; then
	become="sudo -n"
	if ! $become true 2>/dev/null; then
		echo "missing: ${missing[*]}; run: sudo $install" >&2
		exit 1
	fi
fi
echo "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
$become apt-get update -qq
$become $install >/dev/null
