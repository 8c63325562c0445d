#!/bin/sh
# Makes sure that the programs the tests need are there: as root it installs
# the Debian packages that are missing, else it names them and fails.
set -eu

# A program, or a file, that shows a package is there, and the package.
needed="
cc gcc
/usr/include/stdio.h libc6-dev
clang clang
wasm-ld lld
/usr/include/wasm32-wasi/stdio.h wasi-libc
aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu
x86_64-w64-mingw32-gcc gcc-mingw-w64-x86-64
/usr/aarch64-linux-gnu/include/stdio.h libc6-dev-arm64-cross
qemu-aarch64-static qemu-user-static
/usr/include/stb/stb_image.h libstb-dev
/usr/include/zlib.h zlib1g-dev
python3 python3
/usr/lib/python3/dist-packages/numpy/__init__.py python3-numpy
wat2wasm wabt
"

missing=""
while read -r what package; do
	case "$what" in
	"") continue ;;
	/*) [ -e "$what" ] || missing="$missing $package" ;;
	*) command -v "$what" >/dev/null 2>&1 || missing="$missing $package" ;;
	esac
done <<EOT
$needed
EOT

# clang's run-time library for wasm32 is in a directory of clang's version.
ls /usr/lib/llvm-*/lib/clang/*/lib/wasi/libclang_rt.builtins-wasm32.a >/dev/null 2>&1 ||
	missing="$missing libclang-rt-dev-wasm32"

[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ]; then
	echo "The tests need these Debian packages; install them, or run make test as root:" >&2
	echo "   apt-get install$missing" >&2
	exit 1
fi
echo "installing$missing"
apt-get update -q >/dev/null
# shellcheck disable=SC2086 # a list of words
DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $missing >/dev/null
