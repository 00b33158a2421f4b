// Provider is the AUTX provider as the benchmark runs it: it notes what the process took, and can be profiled. The released provider can do neither.
//
// AUTX_BENCH_NOTES names a file to which a line of JSON is added when the process ends. AUTX_BENCH_PROFILES names a directory for a CPU, an
// allocation and a goroutine profile of each process. AUTX_BENCH_UNTUNED=1 leaves out what the released provider does to be cheap.
// AUTX_BENCH_BARE=1 makes its agents ones that do nothing: what is left is what the CLI and the plugin framework take.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	autx "github.com/autx-ai/terraform-provider-autx/internal/provider"
	"github.com/autx-ai/terraform-provider-autx/internal/tuning"
)

// note is what one process took.
type note struct {
	PeakBytes  int64   `json:"peak_bytes"`
	CPUSeconds float64 `json:"cpu_seconds"`
	Seconds    float64 `json:"seconds"`
	Allocated  uint64  `json:"allocated_bytes"`
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	start := time.Now()
	signal.Ignore(syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE) // as the released provider does
	stop, err := profile(os.Getenv("AUTX_BENCH_PROFILES"))
	if err != nil {
		return err
	}
	build := autx.New("bench")
	if os.Getenv("AUTX_BENCH_BARE") != "" {
		build = func() provider.Provider { return &bareProvider{Provider: autx.New("bench")()} }
	}
	const address = "registry.terraform.io/autx-ai/autx"
	if os.Getenv("AUTX_BENCH_UNTUNED") == "" {
		if err := tuning.Apply(); err != nil {
			return fmt.Errorf("tune: %w", err)
		}
		err = tuning.Serve(address, build)
	} else {
		err = providerserver.Serve(context.Background(), build, providerserver.ServeOpts{Address: address})
	}
	return errors.Join(err, stop(), leaveNote(os.Getenv("AUTX_BENCH_NOTES"), start))
}

func leaveNote(name string, start time.Time) error {
	if name == "" {
		return nil
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return fmt.Errorf("read the resource usage: %w", err)
	}
	peak, err := peakBytes("/proc/self/status")
	if err != nil {
		return err
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	line, err := json.Marshal(note{
		PeakBytes:  peak,
		CPUSeconds: time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds(),
		Seconds:    time.Since(start).Seconds(),
		Allocated:  mem.TotalAlloc,
	})
	if err != nil {
		return fmt.Errorf("encode the note: %w", err)
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("leave the note: %w", err)
	}
	_, err = file.Write(append(line, '\n'))
	return errors.Join(err, file.Close())
}

// peakBytes is the most memory that this process had resident. The resource usage would count that of the CLI, too: a process that is started without
// copying its parent's memory begins with the parent's peak.
func peakBytes(status string) (int64, error) {
	text, err := os.ReadFile(status)
	if err != nil {
		return 0, fmt.Errorf("read the peak of memory: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			var kib int64
			if _, err := fmt.Sscanf(value, "%d kB", &kib); err != nil {
				return 0, fmt.Errorf("read the peak of memory in %q: %w", line, err)
			}
			return kib << 10, nil
		}
	}
	return 0, fmt.Errorf("no peak of memory in %s", status)
}

// profile starts the profiles, and gives what ends them.
func profile(dir string) (stop func() error, err error) {
	if dir == "" {
		return func() error { return nil }, nil
	}
	runtime.MemProfileRate = 64 << 10
	create := func(kind string) (*os.File, error) {
		return os.Create(filepath.Join(dir, fmt.Sprintf("%s-%d.pprof", kind, os.Getpid())))
	}
	cpu, err := create("cpu")
	if err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	return func() error {
		pprof.StopCPUProfile()
		allocs, err := create("allocs")
		if err != nil {
			return errors.Join(cpu.Close(), err)
		}
		goroutines, err := create("goroutines")
		if err != nil {
			return errors.Join(cpu.Close(), allocs.Close(), err)
		}
		return errors.Join(cpu.Close(), pprof.Lookup("allocs").WriteTo(allocs, 0), allocs.Close(),
			pprof.Lookup("goroutine").WriteTo(goroutines, 0), goroutines.Close())
	}, nil
}
