package mockserver

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// assumptions are the switches: where sources on AUTX differ, or none says what a server must decide. Defaults are the zero values.
type assumptions struct {
	publicEndpointURL bool          // public agents carry endpoint_url (public API page) or not (client 0.4.1)
	nullIgnored       bool          // PATCH ignores null instead of clearing the field
	delisted          bool          // DELETE of an agent only delists it
	balanceUSD        bool          // credits as balance_usd and reserved_usd (SDK reference) or available_usdc (client 0.4.1)
	ordersDelay       time.Duration // how long an order stays pending
	listsLag          int           // how many of the newest objects of a user lists miss
	listsLimit        int           // how long a list is when the request names no limit; 0: no bound
	depositsDisabled  bool          // deposit-test answers 403
	heartbeat         time.Duration // time between heartbeat frames; 0: none
	billingFirst      bool          // the billing frame comes before done
	frame             string        // how the session frame names the agent: "", flat or nested
	closeOnDisconnect bool          // a lost socket ends its session
}

// switches lists every switch with its default and its other positions; "…" stands for a duration or a number.
var switches = map[string]func(a *assumptions, value string) error{
	"agents.public_endpoint_url": oneOf(map[string]func(*assumptions){
		"false": func(a *assumptions) { a.publicEndpointURL = false }, "true": func(a *assumptions) { a.publicEndpointURL = true },
	}),
	"agents.patch_null": oneOf(map[string]func(*assumptions){
		"clears": func(a *assumptions) { a.nullIgnored = false }, "ignored": func(a *assumptions) { a.nullIgnored = true },
	}),
	"agents.delete": oneOf(map[string]func(*assumptions){
		"gone": func(a *assumptions) { a.delisted = false }, "delisted": func(a *assumptions) { a.delisted = true },
	}),
	"credits.shape": oneOf(map[string]func(*assumptions){
		"available_usdc": func(a *assumptions) { a.balanceUSD = false }, "balance_usd": func(a *assumptions) { a.balanceUSD = true },
	}),
	"orders.delay":        duration(func(a *assumptions, d time.Duration) { a.ordersDelay = d }),
	"lists.lag":           count(func(a *assumptions, n int) { a.listsLag = n }),
	"lists.default_limit": count(func(a *assumptions, n int) { a.listsLimit = n }),
	"deposit_test": oneOf(map[string]func(*assumptions){
		"enabled": func(a *assumptions) { a.depositsDisabled = false }, "disabled": func(a *assumptions) { a.depositsDisabled = true },
	}),
	"sessions.heartbeat": duration(func(a *assumptions, d time.Duration) { a.heartbeat = d }),
	"sessions.billing": oneOf(map[string]func(*assumptions){
		"after_done": func(a *assumptions) { a.billingFirst = false }, "before_done": func(a *assumptions) { a.billingFirst = true },
	}),
	"sessions.frame": oneOf(map[string]func(*assumptions){
		"both": func(a *assumptions) { a.frame = "" }, "flat": func(a *assumptions) { a.frame = "flat" },
		"nested": func(a *assumptions) { a.frame = "nested" },
	}),
	"sessions.on_disconnect": oneOf(map[string]func(*assumptions){
		"keep": func(a *assumptions) { a.closeOnDisconnect = false }, "close": func(a *assumptions) { a.closeOnDisconnect = true },
	}),
}

// set puts a switch into a position. An unknown switch or position is an error that names the known ones.
func (a *assumptions) set(name, value string) error {
	turn, ok := switches[name]
	if !ok {
		return fmt.Errorf("unknown switch %q; there are %s", name, strings.Join(sortedKeys(switches), ", "))
	}
	if err := turn(a, value); err != nil {
		return fmt.Errorf("switch %s: %w", name, err)
	}
	return nil
}

func oneOf(positions map[string]func(*assumptions)) func(*assumptions, string) error {
	return func(a *assumptions, value string) error {
		turn, ok := positions[value]
		if !ok {
			return fmt.Errorf("%q is not one of %s", value, strings.Join(sortedKeys(positions), ", "))
		}
		turn(a)
		return nil
	}
}

func duration(turn func(*assumptions, time.Duration)) func(*assumptions, string) error {
	return func(a *assumptions, value string) error {
		d, err := time.ParseDuration(value)
		if err != nil || d < 0 {
			return fmt.Errorf("%q is not a duration like 0s or 1m30s", value)
		}
		turn(a, d)
		return nil
	}
}

func count(turn func(*assumptions, int)) func(*assumptions, string) error {
	return func(a *assumptions, value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return fmt.Errorf("%q is not a count like 0 or 3", value)
		}
		turn(a, n)
		return nil
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
