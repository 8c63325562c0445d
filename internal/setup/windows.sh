#!/bin/sh
# Runs tests of package native for windows/amd64 under wine, with C compiled by
# mingw's gcc: sh internal/setup/windows.sh [flags of the test program]
set -eu

wine=$(command -v wine64 || ls /usr/lib/wine/wine64 2>/dev/null || true)
for what in "${wine:-wine64}" x86_64-w64-mingw32-gcc; do
	command -v "$what" >/dev/null 2>&1 || {
		echo "SKIPPED: no $what; install the Debian packages wine64 and gcc-mingw-w64-x86-64"
		exit 0
	}
done

dir=$(mktemp -d)
export WINEPREFIX="$dir/prefix" WINEDEBUG=-all
trap 'WINEPREFIX="$dir/prefix" "${wine%64}server" -k 2>/dev/null || /usr/lib/wine/wineserver -k 2>/dev/null || true; rm -rf "$dir"' EXIT

mkdir "$dir/bin"
"$wine" wineboot -i >/dev/null 2>&1

# Go wants randomness from a DLL that wine 8 lacks.
system="$WINEPREFIX/drive_c/windows/system32"
if [ ! -e "$system/bcryptprimitives.dll" ]; then
	cat >"$dir/prng.c" <<'C'
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG); /* RtlGenRandom */
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE p, SIZE_T n) { return SystemFunction036(p, (ULONG)n); }
C
	x86_64-w64-mingw32-gcc -O2 -shared -o "$system/bcryptprimitives.dll" "$dir/prng.c" -ladvapi32
fi

GO=${GO:-go}
export GOOS=windows GOARCH=amd64 CGO_ENABLED=0
$GO build -o "$dir/bin/x86_64-w64-mingw32-gcc.exe" ./internal/setup/winecc
$GO test -c -o "$dir/native.test.exe" ./native
cd native
WINECC_C="$WINEPREFIX/drive_c" WINEPATH="Z:$dir/bin" "$wine" "$dir/native.test.exe" -test.timeout 5m "$@"
