// Package threadtime tells tests and benchmarks the processor time of their own
// thread, which other programs on the machine do not make longer.
package threadtime

import (
	"time"

	"golang.org/x/sys/unix"
)

// Now is how long the thread has had a processor.
func Now() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		panic(err) // Linux has this clock since 2.6.12
	}
	return time.Duration(ts.Nano())
}
