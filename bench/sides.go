package main

import "slices"

// side is what is measured side by side in one setting.
type side struct {
	at        setting
	runs      int
	workloads []workload
}

const (
	// once is from how many resources on everything is measured once only: the CLI's own time grows with the square of the number.
	once = 2000
	// largeMix is from how many resources on the mix is measured once, and without a floor of its own where there is one of the same size.
	largeMix = 1000
	// limit is the rate limit of the run that has one, in requests a second.
	limit = 5
)

// sides are the settings to measure, in order. The floor and the bare provider make no requests, so that no latency delays them: the bare one is
// measured at the reference latency only, and from o.many resources on the floor as well.
func (o *options) sides() []side {
	var out []side
	add := func(at setting, runs int, workloads ...workload) {
		if len(o.only) > 0 {
			workloads = slices.DeleteFunc(workloads, func(w workload) bool { return !slices.Contains(o.only, w.Name) })
		}
		if len(workloads) > 0 {
			out = append(out, side{at, runs, workloads})
		}
	}
	for _, n := range o.sizes {
		for _, latency := range o.latencies {
			at, runs := setting{Resources: n, LatencyMS: latency}, o.runs
			if n >= once {
				runs = 1
			}
			switch {
			case latency == o.reference():
				add(at, runs, floor, bare, ours)
			case n >= o.many:
				add(at, 1, ours)
			default:
				add(at, runs, floor, ours)
			}
		}
	}
	for _, n := range o.mixSizes {
		at := setting{Resources: n, LatencyMS: o.compare, BesideMix: true}
		switch {
		case n < largeMix:
			add(at, o.runs, floor, mixed)
		case slices.Contains(o.sizes, n):
			add(at, 1, mixed)
		default:
			add(at, 1, floor, mixed)
		}
	}
	if o.limitedSize > 0 {
		add(setting{Resources: o.limitedSize, RequestsPerSecond: limit}, 1, ours)
	}
	return out
}

// reference is the latency at which the floor and the bare provider are measured at each size: the one to compare at, if it is measured at all.
func (o *options) reference() int {
	if slices.Contains(o.latencies, o.compare) || len(o.latencies) == 0 {
		return o.compare
	}
	return o.latencies[0]
}
