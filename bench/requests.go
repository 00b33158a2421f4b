package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// asked is what a step of a size asked for, over all latencies and runs.
type asked struct {
	writes, others span
	purchases      int // orders and sessions
}

// askedFor sums up what a workload asked for in a step, by size. A run with a rate limit is left out.
func (r *report) askedFor(workload, step string) map[int]*asked {
	sizes := map[int]*asked{}
	for i := range r.Results {
		one := &r.Results[i]
		if one.Workload != workload || one.Step != step || one.RequestsPerSecond > 0 {
			continue
		}
		sum := sizes[one.Resources]
		if sum == nil {
			sum = &asked{}
			sizes[one.Resources] = sum
		}
		sum.writes = sum.writes.join(one.span(func(s sample) int { return s.Writes }))
		sum.others = sum.others.join(one.span(sample.others))
		sum.purchases = max(sum.purchases, one.span(func(s sample) int { return s.Requests["orders.create"] + s.Requests["sessions.open"] }).high)
	}
	return sizes
}

// requests shows that the requests of a step are its writes and a constant, and where they are more.
func (r *report) requests() string {
	var agents, mix, each strings.Builder
	var most span
	for _, step := range steps {
		sizes := r.askedFor(ours.Name, step)
		for _, n := range slices.Sorted(maps.Keys(sizes)) {
			fmt.Fprintf(&agents, "| %s | %s | %s | %s |\n", step, thousands(n), sizes[n].writes, sizes[n].others)
			most = most.join(sizes[n].others)
		}
		sizes = r.askedFor(mixed.Name, step)
		for _, n := range slices.Sorted(maps.Keys(sizes)) {
			fmt.Fprintf(&mix, "| %s | %s | %s | %s |\n", step, thousands(n), sizes[n].writes, sizes[n].others)
			if bought := sizes[n].purchases; bought > 0 {
				fmt.Fprintf(&each, "- %s of %s resources: %s others for %s orders and sessions, those for its agents included; at most %.2f for each.\n",
					step, thousands(n), sizes[n].others, thousands(bought), float64(sizes[n].others.high)/float64(bought))
			}
		}
	}
	var out strings.Builder
	if agents.Len() > 0 {
		fmt.Fprintf(&out, `
## Requests

Writes are requests that change something, each message of a session among them; others only read. Over all latencies
and runs, without the one that has a rate limit. For agents, a step asks for its writes and for at most %s others, at all of these sizes.

| step | agents | writes | others |
|---|--:|--:|--:|
%s`, thousands(most.high), agents.String())
	}
	if mix.Len() > 0 {
		out.WriteString(`
### Requests of the mix

An order and a session, unlike an agent, have reads of their own, by design: what there was before the purchase, so that one whose answer is lost can
be found again; the price, just before it is paid; and the result. Reads of the same that come together are one request, so that their number varies.

| step | resources | writes | others |
|---|--:|--:|--:|
` + mix.String())
		if each.Len() > 0 {
			out.WriteString("\n" + each.String())
		}
	}
	return out.String()
}
