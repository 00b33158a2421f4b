// Bench measures how fast the provider is, beside what Terraform itself takes: the same number of resources as terraform_data, which is built in,
// and as agents that do nothing, which have the schema of autx_agent. It writes a table (results.md), the figures (results.json) and a plot
// (results.svg).
//
// It needs Terraform or OpenTofu, and Linux for the figures of memory.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], log.New(os.Stderr, "", log.Ltime).Printf)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

// options are what the flags choose.
type options struct {
	cli, out, profiles         string
	sizes, latencies           []int
	mixSizes                   []int
	only                       []string
	runs, limitedSize, compare int
	many                       int // from so many resources on a size is measured at one latency only
}

func parse(args []string) (options, error) {
	o := options{}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&o.cli, "cli", "terraform", "the CLI to measure with")
	flags.StringVar(&o.out, "out", "results", "the directory for the results")
	flags.StringVar(&o.profiles, "profiles", "", "a directory for a CPU and an allocation profile of each provider process (slows it down)")
	flags.IntVar(&o.runs, "runs", 3, "how often each is measured; the median counts")
	flags.IntVar(&o.limitedSize, "limited", 100, "the number of agents in the run with a rate limit of 5 requests a second; 0 leaves it out")
	flags.IntVar(&o.compare, "compare", 50, "the latency in ms at which the bare provider and the mix are measured too, and the larger sizes at all")
	only := flags.String("only", "", "workloads to measure, of terraform_data, bare, agents, mix; all if empty")
	sizes := flags.String("sizes", "1,100,500", "numbers of agents")
	mixes := flags.String("mix", "500", "numbers of resources of the mix")
	latencies := flags.String("latencies", "0,20,50", "the service's latencies in ms")
	quick := flags.Bool("quick", false, "a few seconds for a first look: 1 and 20 agents, once")
	full := flags.Bool("full", false, "most of an hour: 1,000 and 2,000 agents as well, 500 at each latency")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.many = 500
	if *full {
		*sizes, o.many = "1,100,500,1000,2000", 1000
	}
	if *quick {
		*sizes, *mixes, *latencies, o.compare, o.runs, o.limitedSize = "1,20", "20", "20", 20, 1, 0
	}
	if *only != "" {
		o.only = strings.Split(*only, ",")
	}
	for text, into := range map[*string]*[]int{sizes: &o.sizes, mixes: &o.mixSizes, latencies: &o.latencies} {
		for field := range strings.SplitSeq(*text, ",") {
			if field == "" {
				continue
			}
			n, err := strconv.Atoi(field)
			if err != nil {
				return o, fmt.Errorf("not a list of numbers: %q", *text)
			}
			*into = append(*into, n)
		}
	}
	return o, nil
}

// once is from how many resources on a size is measured once only: the CLI's own time grows with the square of the number.
const once = 2000

func run(ctx context.Context, args []string, say func(format string, args ...any)) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "autx-bench-")
	if err != nil {
		return fmt.Errorf("make a directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	b := &bench{cli: o.cli, binaries: filepath.Join(work, "bin"), work: work, runs: o.runs, only: o.only, say: say}
	if o.profiles != "" {
		if b.profiles, err = filepath.Abs(o.profiles); err != nil {
			return fmt.Errorf("find the directory for profiles: %w", err)
		}
		if err := os.MkdirAll(b.profiles, 0o750); err != nil {
			return fmt.Errorf("make the directory for profiles: %w", err)
		}
	}
	binary := filepath.Join(b.binaries, "terraform-provider-autx")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/provider").CombinedOutput(); err != nil {
		return fmt.Errorf("build the provider: %w\n%s", err, out)
	}
	start := time.Now()
	if err := b.all(ctx, o); err != nil {
		return err
	}
	version, err := exec.CommandContext(ctx, o.cli, "version").Output()
	if err != nil {
		return fmt.Errorf("ask for the CLI's version: %w", err)
	}
	name, _, _ := strings.Cut(string(version), "\n")
	return (&report{CLI: name, Runs: o.runs, Took: time.Since(start), Machine: machine(), Results: b.results}).write(o.out)
}

func (b *bench) all(ctx context.Context, o options) error {
	for _, n := range o.sizes {
		for _, latency := range o.latencies {
			workloads := []workload{floor, ours}
			if latency == o.compare {
				workloads = []workload{floor, bare, ours}
			} else if n >= o.many {
				continue
			}
			b.runs = o.runs
			if n >= once {
				b.runs = 1
			}
			if err := b.side(ctx, setting{Resources: n, LatencyMS: latency}, workloads...); err != nil {
				return err
			}
		}
	}
	b.runs = o.runs
	for _, n := range o.mixSizes {
		if err := b.side(ctx, setting{Resources: n, LatencyMS: o.compare}, floor, mixed); err != nil {
			return err
		}
	}
	if o.limitedSize > 0 {
		b.runs = 1
		return b.side(ctx, setting{Resources: o.limitedSize, RequestsPerSecond: 5}, ours)
	}
	return nil
}
