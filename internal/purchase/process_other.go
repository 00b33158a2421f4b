//go:build !linux

package purchase

import (
	"math"

	"github.com/shirou/gopsutil/v4/process"
)

// startOf reads when a process started, in milliseconds as the system recorded it then.
func startOf(pid int) (uint64, bool) {
	if pid <= 0 || pid > math.MaxInt32 {
		return 0, false
	}
	p, err := process.NewProcess(int32(pid))
	if err != nil {
		return 0, false
	}
	started, err := p.CreateTime()
	if err != nil || started < 0 {
		return 0, false
	}
	return uint64(started), true
}

func bootID() string { return "" }
