package money_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

func TestRound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ of, up, down string }{
		{"12.345", "12.35", "12.34"},
		{"12.340000000000000001", "12.35", "12.34"},
		{"12.34", "12.34", "12.34"},
		{"12", "12", "12"},
		{"0", "0", "0"},
		{"-12.345", "-12.34", "-12.35"},
		{"999999999999999999.999", "1000000000000000000", "999999999999999999.99"},
	} {
		a := money.MustParse(c.of)
		if up, down := a.RoundUp(2).String(), a.RoundDown(2).String(); up != c.up || down != c.down {
			t.Errorf("%s: up %s, down %s; want %s, %s", c.of, up, down, c.up, c.down)
		}
	}
}

func TestRoundProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := money.MustParse(rapid.StringMatching(`-?[0-9]{1,9}(\.[0-9]{1,9})?`).Draw(t, "amount"))
		places := rapid.IntRange(0, 6).Draw(t, "places")
		up, down := a.RoundUp(places), a.RoundDown(places)
		if up.LessThan(a) || down.GreaterThan(a) || up.Decimals() > places || down.Decimals() > places {
			t.Fatalf("%s to %d places: up %s, down %s", a, places, up, down)
		}
		if exact := a.Decimals() <= places; exact != up.Equal(down) {
			t.Fatalf("%s to %d places: up %s, down %s", a, places, up, down)
		}
	})
}
