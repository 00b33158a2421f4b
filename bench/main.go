// Bench measures how fast the provider is, beside what Terraform itself takes: the same number of resources as terraform_data, which is built in,
// and as agents that do nothing, which have the schema of autx_agent. It writes a table (results.md), the figures (results.json) and a plot
// (results.svg).
//
// It needs Terraform or OpenTofu, and Linux for the figures of memory.
package main

import (
	"context"
	"errors"
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
	cli, out, profiles, plotFrom string
	sizes, latencies             []int
	mixSizes                     []int
	only                         []string
	runs, limitedSize, compare   int
	many                         int // from so many resources on only ours is measured at latencies other than the reference, and once
}

func parse(args []string) (options, error) {
	o := options{}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&o.cli, "cli", "terraform", "the CLI to measure with")
	flags.StringVar(&o.out, "out", "results", "the directory for the results")
	flags.StringVar(&o.profiles, "profiles", "", "a directory for a CPU, an allocation and a goroutine profile of each provider process, ours and bare "+
		"(slows them down); with -only bare the bare provider's alone")
	flags.StringVar(&o.plotFrom, "plot-from", "", "measure nothing: draw the plot from this results.json")
	flags.IntVar(&o.runs, "runs", 3, "how often each is measured; the median counts")
	flags.IntVar(&o.limitedSize, "limited", 100, "the number of agents in the run with a rate limit of 5 requests a second; 0 leaves it out")
	flags.IntVar(&o.compare, "compare", 50, "the latency in ms at which the bare provider and the mix are measured too")
	only := flags.String("only", "", "workloads to measure, of terraform_data, bare, agents, mix; all if empty")
	sizes := flags.String("sizes", "1,100,500", "numbers of agents")
	mixes := flags.String("mix", "500", "numbers of resources of the mix")
	latencies := flags.String("latencies", "0,20,50", "the service's latencies in ms")
	quick := flags.Bool("quick", false, "a few seconds for a first look: 1 and 20 agents, once")
	full := flags.Bool("full", false, "an hour: 1,000 and 2,000 agents as well, a mix of 1,000, 500 agents side by side with the floor at each latency")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	o.many = 500
	if *full {
		o.many = 1000
		if !given["sizes"] {
			*sizes = "1,100,500,1000,2000"
		}
		if !given["mix"] {
			*mixes = "500,1000"
		}
	}
	if *quick {
		*sizes, *mixes, *latencies, o.compare, o.runs, o.limitedSize = "1,20", "20", "20", 20, 1, 0
	}
	if o.runs < 1 {
		return o, errors.New("-runs must be at least 1")
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

func run(ctx context.Context, args []string, say func(format string, args ...any)) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	if o.plotFrom != "" {
		return plotFrom(o.plotFrom, o.out)
	}
	work, err := os.MkdirTemp("", "autx-bench-")
	if err != nil {
		return fmt.Errorf("make a directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	b := &bench{cli: o.cli, binaries: filepath.Join(work, "bin"), work: work, say: say}
	if o.profiles != "" {
		if b.profiles, err = filepath.Abs(o.profiles); err != nil {
			return fmt.Errorf("find the directory for profiles: %w", err)
		}
	}
	version, err := exec.CommandContext(ctx, o.cli, "version").Output()
	if err != nil {
		return fmt.Errorf("ask for the CLI's version: %w", err)
	}
	name, _, _ := strings.Cut(string(version), "\n")
	binary := filepath.Join(b.binaries, "terraform-provider-autx")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/provider").CombinedOutput(); err != nil {
		return fmt.Errorf("build the provider: %w\n%s", err, out)
	}
	return o.measure(ctx, &report{CLI: name, Machine: machine(), RunsAsked: o.runs, Reference: o.reference()}, b.side)
}

// measure goes through the settings, and writes the report after each, so that an interruption costs no more than the setting that it falls into.
func (o *options) measure(ctx context.Context, r *report, side func(context.Context, side) ([]result, error)) error {
	start := time.Now()
	sides := o.sides()
	r.Settings = len(sides)
	for _, s := range sides {
		found, err := side(ctx, s)
		if err != nil {
			return err
		}
		r.Results = append(r.Results, found...)
		r.Measured++
		r.Took = time.Since(start)
		compare(r.Results)
		if err := r.write(o.out); err != nil {
			return err
		}
	}
	return nil
}
