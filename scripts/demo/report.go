package main

import (
	"context"
	"fmt"
	"maps"
	"math/big"
	"os"
	"slices"
	"text/tabwriter"
)

// report prints what the server saw, and fails when the money does not add up or an agent was launched more than once.
func (s *story) report(ctx context.Context) error {
	var requests []request
	if err := s.mock.control(ctx, "requests", &requests); err != nil {
		return err
	}
	agents, credits, err := s.mock.holdings(ctx)
	if err != nil {
		return err
	}

	type tally struct{ requests, changes, failures int }
	byOperation := map[string]tally{}
	for _, r := range requests {
		count := byOperation[r.Operation]
		count.requests++
		if r.Committed {
			count.changes++
		}
		if r.Status >= 400 || r.Status == 0 {
			count.failures++
		}
		byOperation[r.Operation] = count
	}
	fmt.Fprintln(os.Stdout)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "operation\trequests\tchanged something\tfailed")
	for _, operation := range slices.Sorted(maps.Keys(byOperation)) {
		count := byOperation[operation]
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\n", operation, count.requests, count.changes, count.failures)
	}
	fmt.Fprintf(table, "in all\t%d\n", len(requests))
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print the table: %w", err)
	}
	fmt.Fprintf(os.Stdout, "(one agents.update came from the other tool of step 6, all else from the provider)\n\nagents left:  %d\n", len(agents))
	fmt.Fprintf(os.Stdout, "credits:      $%s available, $%s reserved, of $100 at the start: one launch was free, one cost $20\n",
		credits.Available, credits.Reserved)

	if launches := byOperation["agents.create"]; launches.requests != 2 || launches.changes != 2 {
		return fmt.Errorf("agents were launched with %d requests, and exactly two were expected", launches.requests)
	}
	if err := s.mock.control(ctx, "invariants", nil); err != nil {
		return fmt.Errorf("the books do not balance: %w", err)
	}
	fmt.Fprintln(os.Stdout, "books:        balanced, every cent accounted for")

	return nil
}

// sameAmount compares two amounts by value, however they are written; what is no amount equals none.
func sameAmount(a, b any) bool {
	left, okLeft := new(big.Rat).SetString(fmt.Sprint(a))
	right, okRight := new(big.Rat).SetString(fmt.Sprint(b))

	return okLeft && okRight && left.Cmp(right) == 0
}
