#!/bin/sh
# Compiles every *.bpf.c here into OUT (default: prebuilt/). Needs clang-19, llvm-strip-19 and libbpf's headers; only
# those who change the C need them, the objects are committed. The compiler is pinned so that a rebuild can be compared.
set -eu
cd "$(dirname "$0")"
out=${1:-prebuilt}
mkdir -p "$out"
architecture_headers=/usr/include/$(uname -m)-linux-gnu
for source in *.bpf.c; do
  object=$out/${source%.c}.o
  clang-19 -O2 -g -mcpu=v3 -target bpfel -Wall -Wextra -Wno-unused-parameter -Werror -I"$architecture_headers" \
    -ffile-prefix-map="$PWD"=. -c "$source" -o "$object"
  llvm-strip-19 -g "$object"
done
