package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestPeakBytes reads the kernel's way of telling the peak, and this process's own.
func TestPeakBytes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"Name:\tx\nVmPeak:\t  900 kB\nVmHWM:\t   27000 kB\nVmRSS:\t 100 kB\n": 27000 << 10,
		"Name:\tx\nVmPeak:\t  900 kB\n":                                       0,
		"VmHWM:\tmuch\n":                                                      0,
		"":                                                                    0,
	} {
		name := filepath.Join(t.TempDir(), "status")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := peakBytes(name); got != want || (err != nil) != (want == 0) {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
	if got, err := peakBytes("/proc/self/status"); err != nil || got < 1<<20 {
		t.Errorf("this process: %d, %v", got, err)
	}
}
