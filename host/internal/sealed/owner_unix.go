//go:build unix

package sealed

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// private refuses what is not this user's or gives others the permissions of a
// mask.
func private(st fs.FileInfo, mask fs.FileMode) error {
	if sys, ok := st.Sys().(*syscall.Stat_t); ok && int(sys.Uid) != os.Geteuid() {
		return fmt.Errorf("%w: it is user %d's, not %d's", ErrUnsafeKey, sys.Uid, os.Geteuid())
	}
	if perm := st.Mode().Perm(); perm&mask != 0 {
		return fmt.Errorf("%w: its mode is %04o, want %04o", ErrUnsafeKey, perm, perm&^mask)
	}
	return nil
}
