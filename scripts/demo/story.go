package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
)

// story is what the demo tells, step by step. A step that does not turn out as told ends it.
type story struct {
	cli  *workspace
	mock *mock
}

func (s *story) tell(ctx context.Context) error {
	for number, step := range []struct {
		title, says string
		run         func(context.Context) error
	}{
		{"Initialise", "The CLI finds the provider in a local directory: no network is used. It has checksums for this platform only.", s.initialise},
		{"Plan two agents", "Each launch may cost $20, so the plan says so before anything is sent (spend.authorized_usd).", s.planLaunch},
		{"Apply", "The plan is carried out as it was reviewed. The first launch of this account is free, the second costs $20.", s.launch},
		{"Plan again", "Nothing to do: what AUTX stores is what the configuration says.", s.planNothing},
		{"Change a price", "Edited in one place, changed in place: no new launch, no new fee.", s.changePrice},
		{"Somebody changes the price elsewhere", "Another tool has set BRIEF to $9.99. The plan shows the drift, the apply mends it.", s.mendDrift},
		{"Destroy by mistake", "deletion_protection is on, so the plan refuses: a delisted agent is gone, its launch fee too.", s.refuseDestroy},
		{"Destroy on purpose", "First the protection goes, in an apply of its own; then the agents do.", s.destroy},
		{"What the server saw", "From the mock server's own log.", s.report},
	} {
		heading(fmt.Sprintf("%d. %s", number+1, step.title), step.says)
		if err := step.run(ctx); err != nil {
			return fmt.Errorf("step %d (%s): %w", number+1, strings.ToLower(step.title), err)
		}
	}

	return nil
}

func (s *story) initialise(ctx context.Context) error {
	_, err := s.cli.show(ctx, 0, "init")

	return err
}

func (s *story) planLaunch(ctx context.Context) error {
	changes, err := s.cli.plan(ctx, somethingTo)
	if err != nil {
		return err
	}
	if len(changes) != 2 {
		return fmt.Errorf("the plan has %d changes, and two new agents were expected", len(changes))
	}
	for _, c := range changes {
		spend, _ := c.Change.After["spend"].(map[string]any)
		if !slices.Equal(c.Change.Actions, []string{"create"}) || !sameAmount(spend["authorized_usd"], "20") {
			return fmt.Errorf("%s: the plan says %v with spend %v, and a launch for at most $20 was expected", c.Address, c.Change.Actions, spend)
		}
	}

	return s.expectAgents(ctx)
}

func (s *story) launch(ctx context.Context) error {
	if err := s.cli.apply(ctx); err != nil {
		return err
	}
	if err := s.expectBalance(ctx, "80"); err != nil {
		return err
	}

	return s.expectAgents(ctx, "BRIEF 0.50", "TRANS 0.25")
}

func (s *story) planNothing(ctx context.Context) error {
	_, err := s.cli.plan(ctx, nothingToDo)

	return err
}

func (s *story) changePrice(ctx context.Context) error {
	if err := s.planPrice(ctx, "0.50", "0.75"); err != nil {
		return err
	}
	if err := s.cli.apply(ctx); err != nil {
		return err
	}
	if err := s.expectBalance(ctx, "80"); err != nil {
		return err
	}

	return s.expectAgents(ctx, "BRIEF 0.75", "TRANS 0.25")
}

func (s *story) mendDrift(ctx context.Context) error {
	agents, _, err := s.mock.holdings(ctx)
	if err != nil {
		return err
	}
	brief := slices.IndexFunc(agents, func(a agent) bool { return a.Ticker == "BRIEF" })
	if brief < 0 {
		return errors.New("the agent BRIEF is gone")
	}
	if err := s.mock.setPrice(ctx, agents[brief].ID, "9.99"); err != nil {
		return err
	}
	if err := s.planPrice(ctx, "9.99", "0.75"); err != nil {
		return err
	}
	if err := s.cli.apply(ctx); err != nil {
		return err
	}

	return s.expectAgents(ctx, "BRIEF 0.75", "TRANS 0.25")
}

// planPrice plans with the new price and expects that to be the only change.
func (s *story) planPrice(ctx context.Context, before, after string) error {
	changes, err := s.cli.plan(ctx, somethingTo, "-var=summary_price="+after)
	if err != nil {
		return err
	}
	if len(changes) != 1 || !slices.Equal(changes[0].Change.Actions, []string{"update"}) {
		return fmt.Errorf("the plan has the changes %v, and one update was expected", changes)
	}
	c := changes[0].Change
	if !sameAmount(c.Before["service_price"], before) || !sameAmount(c.After["service_price"], after) {
		return fmt.Errorf("the price goes from %v to %v, and from %s to %s was expected",
			c.Before["service_price"], c.After["service_price"], before, after)
	}
	for name, value := range c.After {
		if name != "service_price" && !reflect.DeepEqual(value, c.Before[name]) {
			return fmt.Errorf("%s changes too, from %v to %v", name, c.Before[name], value)
		}
	}

	return nil
}

func (s *story) refuseDestroy(ctx context.Context) error {
	complaints, err := s.cli.show(ctx, refused, "destroy", "-auto-approve", "-var=summary_price=0.75")
	if err != nil {
		return err
	}
	if !strings.Contains(complaints, "deletion_protection") {
		return errors.New("the refusal does not name deletion_protection")
	}

	return s.expectAgents(ctx, "BRIEF 0.75", "TRANS 0.25")
}

func (s *story) destroy(ctx context.Context) error {
	variables := []string{"-var=summary_price=0.75", "-var=protected=false"}
	if _, err := s.cli.plan(ctx, somethingTo, variables...); err != nil {
		return err
	}
	if err := s.cli.apply(ctx); err != nil {
		return err
	}
	if _, err := s.cli.show(ctx, 0, append([]string{"destroy", "-auto-approve"}, variables...)...); err != nil {
		return err
	}

	return s.expectAgents(ctx)
}

// expectAgents compares the account's agents with the wanted ones, each as ticker and price.
func (s *story) expectAgents(ctx context.Context, want ...string) error {
	agents, _, err := s.mock.holdings(ctx)
	if err != nil {
		return err
	}
	var got []string
	for _, a := range agents {
		got = append(got, a.Ticker+" "+a.ServicePrice.String())
	}
	slices.Sort(got)
	if !slices.EqualFunc(got, want, func(a, b string) bool {
		tickerA, priceA, _ := strings.Cut(a, " ")
		tickerB, priceB, _ := strings.Cut(b, " ")

		return tickerA == tickerB && sameAmount(priceA, priceB)
	}) {
		return fmt.Errorf("AUTX has the agents %q, and %q were expected", got, want)
	}

	return nil
}

// expectBalance compares the account's available credits with an amount of US dollars.
func (s *story) expectBalance(ctx context.Context, want string) error {
	_, credits, err := s.mock.holdings(ctx)
	if err != nil {
		return err
	}
	if !sameAmount(credits.Available, want) {
		return fmt.Errorf("the account has $%s, and $%s were expected", credits.Available, want)
	}

	return nil
}

// heading separates the steps of the story.
func heading(title, says string) {
	rule := strings.Repeat("─", 100)
	fmt.Fprintf(os.Stdout, "\n%s\n%s\n%s\n%s\n", rule, title, says, rule)
}
