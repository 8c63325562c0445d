//go:build !linux

package bench

import "time"

// threadTime is not known here: pauses are measured by the clock.
func threadTime() time.Duration { return time.Duration(time.Now().UnixNano()) }
