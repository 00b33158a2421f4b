package money_test

import (
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"5": "5", "5.00": "5", "0.050": "0.05", "-12.50": "-12.5", "00012": "12", "0": "0", "-0": "0",
		"123456789012345678.123456789012345678": "123456789012345678.123456789012345678",
		"0.100000000000000000000000000000":      "0.1",
	} {
		got, err := money.Parse(text)
		if err != nil || got.String() != want {
			t.Errorf("Parse(%q) = %v, %v; want %s", text, got, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{
		"": money.ErrSyntax, "-": money.ErrSyntax, ".5": money.ErrSyntax, "5.": money.ErrSyntax, "1e3": money.ErrSyntax, "NaN": money.ErrSyntax,
		"Infinity": money.ErrSyntax, "1,50": money.ErrSyntax, "1_000": money.ErrSyntax, "$5": money.ErrSyntax, " 5": money.ErrSyntax, "+5": money.ErrSyntax,
		"--5": money.ErrSyntax, "٥": money.ErrSyntax, "0x10": money.ErrSyntax,
		"1234567890123456789": money.ErrRange, "0.1234567890123456789": money.ErrRange, strings.Repeat("9", 100000): money.ErrRange,
	} {
		if got, err := money.Parse(text); !errors.Is(err, want) {
			t.Errorf("Parse(%.30q) = %v, %v; want %v", text, got, err, want)
		} else if len(err.Error()) > 300 {
			t.Errorf("Parse(%.30q): the error is %d bytes long", text, len(err.Error()))
		}
	}
}

func TestUSD(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"5": "$5.00", "0.125": "$0.125", "-3": "-$3.00", "0": "$0.00", "1234.5": "$1234.50"} {
		if got := money.MustParse(text).USD(); got != want {
			t.Errorf("USD(%s) = %s; want %s", text, got, want)
		}
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`0.1`: "0.1", `"9.95"`: "9.95", `5`: "5", `5e-1`: "0.5", `1.5E+2`: "150", `" 7 "`: "7", `0.30000000000000004`: "0.30000000000000004",
	} {
		var got money.Amount
		if err := json.Unmarshal([]byte(text), &got); err != nil || got.String() != want {
			t.Errorf("unmarshal %s = %v, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{`true`, `{}`, `"abc"`, `""`, `1e999999999`, `1e-40`, `"NaN"`, `1e99999999999999999999`} {
		var got money.Amount
		if err := json.Unmarshal([]byte(text), &got); err == nil {
			t.Errorf("unmarshal %s = %v; want an error", text, got)
		}
	}
	out, err := json.Marshal(map[string]money.Amount{"a": money.MustParse("0.10")})
	if err != nil || string(out) != `{"a":0.1}` {
		t.Errorf("marshal = %s, %v", out, err)
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	got := money.Split(money.MustParse("0.50"))
	if got.Platform.String() != "0.05" || got.Creator.String() != "0.36" || got.Buyback.String() != "0.09" {
		t.Errorf("Split(0.50) = %+v; want the documented 0.05, 0.36, 0.09", got)
	}
}

func drawAmount(t *rapid.T, label string) (money.Amount, *big.Rat) {
	text := rapid.StringMatching(`-?[0-9]{1,12}(\.[0-9]{1,12})?`).Draw(t, label)
	want, _ := new(big.Rat).SetString(text)
	return money.MustParse(text), want
}

func TestArithmeticIsExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, wantA := drawAmount(t, "a")
		b, wantB := drawAmount(t, "b")
		same := func(name string, got money.Amount, want *big.Rat) {
			if r, ok := new(big.Rat).SetString(got.String()); !ok || r.Cmp(want) != 0 {
				t.Fatalf("%s = %s; want %s", name, got, want.RatString())
			}
		}
		same("a", a, wantA)
		same("a + b", a.Add(b), new(big.Rat).Add(wantA, wantB))
		same("a - b", a.Sub(b), new(big.Rat).Sub(wantA, wantB))
		same("a × 3", a.Times(3), new(big.Rat).Mul(wantA, big.NewRat(3, 1)))
		if a.Cmp(b) != wantA.Cmp(wantB) || a.Equal(b) != (wantA.Cmp(wantB) == 0) || a.LessThan(b) != (wantA.Cmp(wantB) < 0) {
			t.Fatalf("comparison of %s and %s is off", a, b)
		}
		if money.Max(a, b).LessThan(money.Min(a, b)) {
			t.Fatalf("Max < Min")
		}
	})
}

func TestSplitAddsUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		price := money.MustParse(rapid.StringMatching(`[0-9]{1,10}(\.[0-9]{1,9})?`).Draw(t, "price"))
		s := money.Split(price)
		if !money.Sum(s.Platform, s.Creator, s.Buyback).Equal(price) {
			t.Fatalf("the shares of %s are %+v", price, s)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"5", "-0.05", "1e9", "", "NaN", "999999999999999999.999999999999999999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := money.Parse(text)
		if err != nil {
			return
		}
		b, err := money.Parse(a.String())
		if err != nil || !a.Equal(b) || a.String() != b.String() {
			t.Fatalf("%q reads as %s, which reads as %s, %v", text, a, b, err)
		}
	})
}

func FuzzUnmarshalJSON(f *testing.F) {
	for _, seed := range []string{"5", `"9.95"`, "1e-7", "1e999", `"`, "null", "[1]"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var a, b money.Amount
		if a.UnmarshalJSON(data) != nil {
			return
		}
		out, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(out, &b); err != nil || !a.Equal(b) {
			t.Fatalf("%q reads as %s, is written as %s and read back as %s, %v", data, a, out, b, err)
		}
	})
}
