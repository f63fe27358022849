#!/bin/sh
# Compiles flow.bpf.c with its fuzzer into the program OUT, under the address and the undefined-behaviour sanitizer.
# Alignment is left to the BPF verifier: its machine loads what is not aligned only where that is allowed.
# Usage: build.sh OUT [-DSHIM_OLD_KERNEL]
set -eu
cd "$(dirname "$0")"
out=$1
shift
exec cc -O1 -g -std=gnu11 -Wall -Wextra -Werror -Wno-unused-parameter -Wno-unused-function -Wno-unknown-pragmas \
  -fno-strict-aliasing -fsanitize=address,undefined -fno-sanitize=alignment -fno-sanitize-recover=all \
  "$@" -Ishim -o "$out" fuzz.c
