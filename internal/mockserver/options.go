package mockserver

import (
	"fmt"
	"time"
)

// settings is what options set.
type settings struct {
	seed      *Seed
	clock     *time.Time
	latency   time.Duration
	perSecond float64
	assume    assumptions
	rules     []Rule
	listen    string
	stateFile string
}

// Option changes how a server starts.
type Option func(*settings) error

// WithSeed starts with a seed's world instead of the demo's.
func WithSeed(seed Seed) Option {
	return func(s *settings) error {
		s.seed = &seed
		return nil
	}
}

// WithSeedJSON starts with the world of a seed in JSON. Unknown fields are an error.
func WithSeedJSON(text string) Option {
	return func(s *settings) error {
		seed, err := ParseSeed([]byte(text))
		if err != nil {
			return err
		}
		s.seed = &seed
		return nil
	}
}

// WithDemoSeed starts with the built-in demo world, which is the default.
func WithDemoSeed() Option { return WithSeed(DemoSeed()) }

// WithClock starts a clock that stands at a time and is only moved by Advance.
func WithClock(at time.Time) Option {
	return func(s *settings) error {
		s.clock = &at
		return nil
	}
}

// WithLatency lets every request to the API wait, in real time, before it is carried out.
func WithLatency(latency time.Duration) Option {
	return func(s *settings) error {
		if latency < 0 {
			return fmt.Errorf("negative latency %s", latency)
		}
		s.latency = latency
		return nil
	}
}

// WithRateLimit bounds the requests of each key, per second by the server's clock. Beyond it they are answered 429 with Retry-After.
func WithRateLimit(perSecond float64) Option {
	return func(s *settings) error {
		if !(perSecond >= 0) || perSecond > 1e9 {
			return fmt.Errorf("rate limit of %v requests per second", perSecond)
		}
		s.perSecond = perSecond
		return nil
	}
}

// WithAssume puts a switch into a position, like lists.lag and 1. An unknown name or value is an error.
func WithAssume(name, value string) Option {
	return func(s *settings) error { return s.assume.set(name, value) }
}

// WithFault adds a rule in the form of the command line, like orders.create:after:reset.
func WithFault(rule string) Option {
	return func(s *settings) error {
		r, err := ParseRule(rule)
		if err != nil {
			return err
		}
		s.rules = append(s.rules, r)
		return nil
	}
}

// WithListen names the address to listen on; the default is a free port on loopback.
func WithListen(address string) Option {
	return func(s *settings) error {
		s.listen = address
		return nil
	}
}

// WithStateFile keeps the world in a file: it is read at the start, if it is there, and saved before the answer to every change.
func WithStateFile(path string) Option {
	return func(s *settings) error {
		s.stateFile = path
		return nil
	}
}

// CheckAssume tells what is wrong with a switch's name or value; nil when WithAssume would take it.
func CheckAssume(name, value string) error {
	var a assumptions
	return a.set(name, value)
}
