#!/bin/sh
# Rebuilds every committed .wasm whose C source states the command for the
# installed version of clang. Compilers of other versions give other bytes, so
# that they are left alone, loudly.
set -eu
if ! command -v clang >/dev/null 2>&1; then
	echo 'LEFT OUT: no clang to rebuild the .wasm files; install the Debian packages clang lld wasi-libc libclang-rt-dev-wasm32' >&2
	exit 0
fi
version=$(clang -dumpversion | cut -d. -f1)
git ls-files '*.c' | while read -r source; do
	command=$(sed -n 's/^ \* wasm (clang [0-9]*): //p' "$source")
	[ -n "$command" ] || continue
	if ! grep -q "^ \* wasm (clang $version):" "$source"; then
		echo "LEFT OUT: $source states no command for clang $version" >&2
		continue
	fi
	(cd "$(dirname "$source")" && eval "$command")
done
git ls-files '*.wasm' | xargs -r chmod 644
