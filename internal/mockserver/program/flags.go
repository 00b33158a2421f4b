package program

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// flags are the flags of serve and run.
type flags struct {
	set                              *flag.FlagSet
	listen, state, seed, clock, rate string
	latency                          time.Duration
	faults, assumptions              []string
	readyFile                        string
}

func newFlags() *flags {
	f := &flags{set: flag.NewFlagSet("autx-mockserver", flag.ContinueOnError)}
	f.set.SetOutput(io.Discard) // errors are told once, by Main
	f.set.StringVar(&f.listen, "listen", "127.0.0.1:8787", "`address` to listen on; port 0 picks a free one")
	f.set.StringVar(&f.state, "state", "", "`file` that keeps the world from one start to the next")
	f.set.StringVar(&f.seed, "seed", "demo", "`file` with the world to start with, or demo")
	f.set.DurationVar(&f.latency, "latency", 0, "`time` that each request to the API waits, like 50ms")
	f.set.StringVar(&f.rate, "rate-limit", "", "`number` of requests a second that each key may make")
	f.set.StringVar(&f.clock, "clock", "real", "real, or the `time` in RFC 3339 at which the clock stands until it is advanced")
	f.set.Func("fault", "`rule` like orders.create:after:reset; may be repeated", func(rule string) error {
		f.faults = append(f.faults, rule)
		return nil
	})
	f.set.Func("assume", "`NAME=VALUE` of a switch, like lists.lag=1; may be repeated", func(pair string) error {
		f.assumptions = append(f.assumptions, pair)
		return nil
	})
	f.set.StringVar(&f.readyFile, "ready-file", "", "`file` that gets the lines which serve prints, as soon as the server listens")
	return f
}

func (f *flags) help(out io.Writer) {
	_, _ = io.WriteString(out, usage)
	f.set.SetOutput(out)
	f.set.PrintDefaults()
	f.set.SetOutput(io.Discard)
}

// options are what the flags ask of the server.
func (f *flags) options() ([]mockserver.Option, error) {
	opts := []mockserver.Option{mockserver.WithListen(f.listen), mockserver.WithLatency(f.latency)}
	if f.latency < 0 {
		return nil, fmt.Errorf("-latency %s is negative", f.latency)
	}
	if f.state != "" {
		opts = append(opts, mockserver.WithStateFile(f.state))
	}
	if f.seed != "demo" {
		data, err := os.ReadFile(f.seed)
		if err != nil {
			return nil, fmt.Errorf("-seed: %w", err)
		}
		seed, err := mockserver.ParseSeed(data)
		if err != nil {
			return nil, fmt.Errorf("-seed %s: %w", f.seed, err)
		}
		opts = append(opts, mockserver.WithSeed(seed))
	}
	if f.rate != "" {
		perSecond, err := strconv.ParseFloat(f.rate, 64) //nolint:forbidigo // requests a second are no money
		if err != nil || !(perSecond > 0) {
			return nil, fmt.Errorf("-rate-limit %q is not a positive number", f.rate)
		}
		opts = append(opts, mockserver.WithRateLimit(perSecond))
	}
	if f.clock != "real" {
		at, err := time.Parse(time.RFC3339, f.clock)
		if err != nil {
			return nil, fmt.Errorf("-clock %q is neither real nor a time like 2026-11-23T09:00:00Z", f.clock)
		}
		opts = append(opts, mockserver.WithClock(at))
	}
	for _, rule := range f.faults {
		parsed, err := mockserver.ParseRule(rule)
		if err != nil {
			return nil, fmt.Errorf("-fault: %w", err)
		}
		opts = append(opts, mockserver.WithFault(parsed.String()))
	}
	for _, pair := range f.assumptions {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("-assume %q is not NAME=VALUE", pair)
		}
		if err := mockserver.CheckAssume(name, value); err != nil {
			return nil, fmt.Errorf("-assume: %w", err)
		}
		opts = append(opts, mockserver.WithAssume(name, value))
	}
	return opts, nil
}
