package purchase_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

func TestNeverACentOver(t *testing.T) {
	t.Parallel()
	const goroutines, each, affordable = 50, 100, 40
	// One desk, and several provider blocks of one command.
	for _, blocks := range []int{1, 3} {
		t.Run(fmt.Sprint(blocks, " provider blocks"), func(t *testing.T) {
			t.Parallel()
			b := newBuyer(t)
			b.service.price = money.MustParse("0.33")
			b.limits.MaxPerApply = money.MustParse("13.29") // 40 × 0.33 = 13.20: not one more
			if blocks > 1 {
				b.hooks.Command = "7-1"
			}
			var desks []*purchase.Desk
			for i := range blocks {
				b.hooks.Process = fmt.Sprint(8+i, "-1")
				desks = append(desks, b.desk())
			}
			var bought, refusals atomic.Int64
			var wait sync.WaitGroup
			for g := range goroutines {
				wait.Go(func() {
					for i := range each {
						p := b.order(fmt.Sprintf("key-%d-%d", g, i), "d")
						p.Authorized = b.service.price
						p.Price = nil
						if _, err := desks[g%blocks].Buy(t.Context(), p); err == nil {
							bought.Add(1)
						} else {
							refusal := wantRefusal(t, err, purchase.ReasonLimit)
							if !strings.Contains(refusal.Detail, p.Title) || !strings.Contains(refusal.Detail, "$13.29") || !strings.Contains(refusal.Detail, "$13.20") {
								t.Errorf("what was not bought, the limit or what was used is not named: %s", refusal.Detail)
							}
							refusals.Add(1)
						}
					}
				})
			}
			wait.Wait()
			if bought.Load() != affordable || refusals.Load() != goroutines*each-affordable {
				t.Errorf("bought %d, refused %d; want %d and the rest", bought.Load(), refusals.Load(), affordable)
			}
			if sends, _, _ := b.service.counts(); sends != affordable {
				t.Errorf("%d requests; want %d", sends, affordable)
			}
		})
	}
}

func TestRefusedPurchasesGiveTheirReservationBack(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.limits.MaxPerApply = money.FromInt(20)
	b.service.script = []fate{refused, refused}
	d := b.desk()
	for range 2 {
		if _, err := d.Buy(t.Context(), b.agent("A")); err == nil {
			t.Fatal("want the service's refusal")
		}
	}
	if _, err := d.Buy(t.Context(), b.agent("B")); err != nil {
		t.Errorf("nothing was spent, and still: %v", err)
	}
	_, err := d.Buy(t.Context(), b.agent("C"))
	refusal := wantRefusal(t, err, purchase.ReasonLimit)
	if !strings.Contains(refusal.Detail, "launch of agent B: $20.00") || strings.Contains(refusal.Detail, "agent A") {
		t.Errorf("detail: %s", refusal.Detail)
	}
}

func TestUncertainPurchasesStayReserved(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*service){
		"not found":          func(s *service) { s.script = []fate{lostBefore} },
		"could not look":     func(s *service) { s.script, s.findErrs = []fate{lostAfter}, purchase.LookupPauses() },
		"not listed in time": func(s *service) { s.script, s.lag = []fate{lostAfter}, 1 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBuyer(t)
			b.limits.MaxPerApply = money.FromInt(20)
			prepare(b.service)
			d := b.desk()
			if _, err := d.Buy(t.Context(), b.agent("A")); err == nil {
				t.Fatal("want a refusal")
			}
			_, err := d.Buy(t.Context(), b.agent("B"))
			wantRefusal(t, err, purchase.ReasonLimit)
		})
	}
}

func TestAdoptionNeedsNoBudget(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.must(b.agent("A"))
	b.limits = &purchase.Limits{} // $0 an apply
	if result := b.must(b.agent("A")); !result.Adopted {
		t.Errorf("result = %+v; want adopted", result)
	}
	b.refuse(b.agent("B"), purchase.ReasonLimit)
}

func TestBuyingAgainInOneCommandCountsTwice(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.limits.MaxPerApply = money.FromInt(45)
	b.hooks.Command, b.hooks.Process = "7-1", "8-1"
	d := b.desk()
	for i := 1; i <= 2; i++ {
		if _, err := d.Buy(t.Context(), b.agent("A")); err != nil {
			t.Fatal(err)
		}
		b.service.remove(fmt.Sprint("id-", i))
		wantNone(t, d.Forget(t.Context(), purchase.AgentLaunch, "A", fmt.Sprint("id-", i)))
	}
	_, err := d.Buy(t.Context(), b.agent("A"))
	wantRefusal(t, err, purchase.ReasonLimit)
	if reserved, err := purchase.Reserved(b.journal, "7-1"); err != nil || reserved != "40" {
		t.Errorf("reserved %s, %v; want 40", reserved, err)
	}
}

// TestAKeyThatAnotherProviderBlockGaveUpIsFree: one block destroys what it has bought in the same command, and another one buys it anew.
func TestAKeyThatAnotherProviderBlockGaveUpIsFree(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.hooks.Command, b.hooks.Process = "7-1", "8-1"
	first := b.desk()
	if _, err := first.Buy(t.Context(), b.agent("A")); err != nil {
		t.Fatal(err)
	}
	b.hooks.Process = "9-1"
	_, err := b.desk().Buy(t.Context(), b.agent("A"))
	wantRefusal(t, err, purchase.ReasonDuplicate)
	b.service.remove("id-1")
	wantNone(t, first.Forget(t.Context(), purchase.AgentLaunch, "A", "id-1"))
	if result, err := b.desk().Buy(t.Context(), b.agent("A")); err != nil || result.ID != "id-2" || result.Adopted {
		t.Errorf("result = %+v, %v; want it bought anew", result, err)
	}

	// An order's key is used for ever, and another block takes the order over.
	if _, err := first.Buy(t.Context(), b.order("k", "d")); err != nil {
		t.Fatal(err)
	}
	_, err = b.desk().Buy(t.Context(), b.order("k", "d"))
	wantRefusal(t, err, purchase.ReasonDuplicate)
	wantNone(t, first.Forget(t.Context(), order, "k", "id-3"))
	if result, err := b.desk().Buy(t.Context(), b.order("k", "d")); err != nil || result.ID != "id-3" || !result.Adopted {
		t.Errorf("result = %+v, %v; want it taken over", result, err)
	}
}

func TestMaxPerPurchase(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	most := money.MustParse("29.99")
	b.limits.MaxPerPurchase = &most
	refusal := b.refuse(b.order("k", "d"), purchase.ReasonLimit)
	if !strings.Contains(refusal.Detail, "$30.00") || !strings.Contains(refusal.Detail, "$29.99") {
		t.Errorf("detail: %s", refusal.Detail)
	}
	wantNothingDone(t, b)
}

func TestKeepBalance(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	keep := money.FromInt(50)
	b.limits.KeepBalance = &keep
	b.service.balance, b.service.price = money.FromInt(100), money.FromInt(20)
	d := b.desk()
	for _, key := range []string{"a", "b"} { // 100 → 80 → 60
		if _, err := d.Buy(t.Context(), b.order(key, "d")); err != nil {
			t.Fatal(err)
		}
	}
	_, err := d.Buy(t.Context(), b.order("c", "d"))
	refusal := wantRefusal(t, err, purchase.ReasonLimit)
	for _, want := range []string{"$20.00", "$60.00", "$50.00"} {
		if !strings.Contains(refusal.Detail, want) {
			t.Errorf("%s is missing in: %s", want, refusal.Detail)
		}
	}
	// The balance is read live when nothing is under way: a deposit is seen.
	b.service.balance = money.FromInt(70)
	if _, err := d.Buy(t.Context(), b.order("c", "d")); err != nil {
		t.Errorf("70 - 20 leaves 50: %v", err)
	}
}

func TestKeepBalanceWhilePurchasesAreUnderWay(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	keep := money.FromInt(50)
	b.limits.KeepBalance = &keep
	b.service.balance, b.service.price = money.FromInt(95), money.FromInt(20)
	arrived, leave := make(chan struct{}, 10), make(chan struct{})
	b.service.during = func() { arrived <- struct{}{}; <-leave }
	d := b.desk()
	done := make(chan error, 3)
	for i := range 2 {
		go func() {
			_, err := d.Buy(t.Context(), b.order(fmt.Sprint("k", i), "d"))
			done <- err
		}()
		<-arrived // 95 - 20 = 75, then 55
	}
	_, err := d.Buy(t.Context(), b.order("k2", "d"))
	refusal := wantRefusal(t, err, purchase.ReasonLimit)
	if !strings.Contains(refusal.Detail, "$55.00") {
		t.Errorf("detail: %s", refusal.Detail)
	}
	if b.service.reads != 1 {
		t.Errorf("the balance was read %d times; want 1, as a figure read while purchases are under way says nothing", b.service.reads)
	}
	close(leave)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	b.service.during = nil
	_, err = d.Buy(t.Context(), b.order("k2", "d"))
	wantRefusal(t, err, purchase.ReasonLimit)
	if b.service.reads != 2 {
		t.Errorf("the balance was read %d times; want it read again when nothing is under way", b.service.reads)
	}
}

func TestKeepBalanceCountsWhatIsUncertain(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	keep := money.FromInt(50)
	b.limits.KeepBalance = &keep
	b.service.balance, b.service.price = money.FromInt(100), money.FromInt(20)
	b.service.script = []fate{lostBefore}
	d := b.desk()
	if _, err := d.Buy(t.Context(), b.order("a", "d")); err == nil {
		t.Fatal("want a refusal")
	}
	if _, err := d.Buy(t.Context(), b.order("b", "d")); err != nil { // leaves 60, as the first one may still be charged
		t.Fatal(err)
	}
	_, err := d.Buy(t.Context(), b.order("c", "d")) // would leave 40
	wantRefusal(t, err, purchase.ReasonLimit)
}

// TestKeepBalanceCountsWhatIsHeld takes what a purchase holds for what it takes, as long as it goes on or the hold stays.
func TestKeepBalanceCountsWhatIsHeld(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	keep := money.FromInt(50)
	b.limits.KeepBalance = &keep
	b.service.balance, b.service.price = money.FromInt(95), money.FromInt(5)
	arrived, leave := make(chan struct{}), make(chan struct{})
	b.service.during = func() { arrived <- struct{}{}; <-leave }
	d := b.desk()
	done := make(chan error)
	go func() { // leaves 90, and is under way, so that the balance is not read again
		_, err := d.Buy(t.Context(), b.order("long", "d"))
		done <- err
	}()
	<-arrived
	b.service.during = nil
	buy := func(key string, during, after int64) error {
		p := b.order(key, "d")
		p.Hold = func() (money.Amount, money.Amount) { return money.FromInt(during), money.FromInt(after) }
		_, err := d.Buy(t.Context(), p)
		return err
	}
	for key, hold := range map[string]int64{"a": 20, "b": 20, "cheap": 1} { // 85, 80, 75
		if err := buy(key, hold, 0); err != nil {
			t.Error(err)
		}
	}
	refused := func(what string, during int64, says ...string) {
		t.Helper()
		refusal := wantRefusal(t, buy(what, during, 0), purchase.ReasonLimit)
		for _, want := range says {
			if !strings.Contains(refusal.Detail, want) {
				t.Errorf("%s: %q is missing in: %s", what, want, refusal.Detail)
			}
		}
	}
	refused("too much", 26, "it holds $26.00 while it goes on", "$75.00 is available")
	if err := buy("stays", 20, 20); err != nil { // 55
		t.Error(err)
	}
	refused("after one that stays", 6, "$55.00 is available")
	close(leave)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestKeepBalanceIsAnAccountsOwn(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	keep := money.FromInt(50)
	b.limits.KeepBalance = &keep
	b.hooks.Command, b.hooks.Process = "7-1", "8-1"
	b.service.balance, b.service.price = money.FromInt(80), money.FromInt(20)
	leave, arrived := make(chan struct{}), make(chan struct{}, 2)
	b.service.during = func() { arrived <- struct{}{}; <-leave }
	first := b.desk()
	p := b.order("a", "d")
	done := make(chan error, 2)
	go func() { _, err := first.Buy(t.Context(), p); done <- err }()
	<-arrived
	b.apiKey, b.hooks.Process = "autx_live_second", "9-1"
	second := b.desk()
	q := b.order("b", "d")
	go func() { _, err := second.Buy(t.Context(), q); done <- err }()
	<-arrived // what the first account has under way is not taken off the second one's balance
	close(leave)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if b.service.reads != 2 {
		t.Errorf("the balance was read %d times; want once an account", b.service.reads)
	}
}

func TestBalanceThatCantBeRead(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	keep := money.FromInt(50)
	b.limits.KeepBalance = &keep
	d := purchase.NewDesk(purchase.WithHooks(purchase.Config{
		Limits: b.limits, JournalDir: b.journal,
		Account: purchase.Account{
			BaseURL: "https://service.test", APIKey: b.apiKey,
			Available: func(context.Context) (money.Amount, error) { return money.Amount{}, errScripted },
		},
	}, b.hooks))
	_, err := d.Buy(t.Context(), b.agent("A"))
	wantRefusal(t, err, purchase.ReasonCheck)
	d = purchase.NewDesk(purchase.WithHooks(purchase.Config{
		Limits: b.limits, JournalDir: b.journal, Account: purchase.Account{BaseURL: "https://service.test", APIKey: b.apiKey},
	}, b.hooks))
	_, err = d.Buy(t.Context(), b.agent("A"))
	wantRefusal(t, err, purchase.ReasonCheck)
	wantNothingDone(t, b)
}

func TestBrokenLedger(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"{", `{"format": 2}`} {
		b := newBuyer(t)
		b.hooks.Command = "7-1"
		file := filepath.Join(b.journal, "runs", "7-1.json")
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		refusal := b.refuse(b.agent("A"), purchase.ReasonCheck)
		if !strings.Contains(refusal.Detail, file) {
			t.Errorf("the file is not named: %s", refusal.Detail)
		}
		wantNothingDone(t, b)
	}
}

func TestLedgersOfEndedCommandsAreSwept(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	runs := filepath.Join(b.journal, "runs")
	if err := os.MkdirAll(runs, 0o700); err != nil {
		t.Fatal(err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	ended, elsewhere, orphaned := "999999999-1", "999999998-1", "999999997-1"
	for name, content := range map[string]string{
		ended:     fmt.Sprintf(`{"format": 1, "host": %q, "entries": [{"process": "999999999-2"}]}`, host),
		elsewhere: `{"format": 1, "host": "another machine"}`,
		orphaned:  fmt.Sprintf(`{"format": 1, "host": %q, "entries": [{"process": %q}]}`, host, purchase.ThisProcess()),
	} {
		if err := os.WriteFile(filepath.Join(runs, name+".json"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	running, ok := purchase.Identify(os.Getppid())
	if !ok {
		t.Fatal("the parent process can't be identified")
	}
	if err := os.WriteFile(filepath.Join(runs, running+".json"), fmt.Appendf(nil, `{"format": 1, "host": %q}`, host), 0o600); err != nil {
		t.Fatal(err)
	}
	b.hooks.Command = purchase.ThisProcess()
	b.must(b.agent("A"))
	for name, want := range map[string]bool{ended: false, elsewhere: true, orphaned: true, running: true, b.hooks.Command: true} {
		if _, err := os.Stat(filepath.Join(runs, name+".json")); (err == nil) != want {
			t.Errorf("ledger %s: %v; want kept %t", name, err, want)
		}
	}
}

func TestLedgersOfOtherMachinesAreBounded(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	runs := filepath.Join(b.journal, "runs")
	if err := os.MkdirAll(runs, 0o700); err != nil {
		t.Fatal(err)
	}
	const more = 5
	start := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC) // later than now, as clocks differ
	var files []string
	for i := range purchase.KeepElsewhere + more {
		file := filepath.Join(runs, fmt.Sprintf("%d-1.json", 100+(i*7)%64)) // neither their names nor their order tell their age
		if err := os.WriteFile(file, fmt.Appendf(nil, `{"format": 1, "host": "machine %d"}`, i), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, start, start.Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	if len(slices.Compact(slices.Sorted(slices.Values(files)))) != len(files) {
		t.Fatal("two ledgers have one name")
	}
	// One of the oldest is locked, so its command is at work.
	held, err := purchase.HoldFile(strings.TrimSuffix(files[1], ".json") + ".lock")
	if err != nil {
		t.Fatal(err)
	}
	defer held()
	b.hooks.Command = purchase.ThisProcess()
	b.must(b.agent("A"))
	for i, file := range files {
		if _, err := os.Stat(file); (err == nil) != (i >= more || i == 1) {
			t.Errorf("ledger %d of %d: %v", i, len(files), err)
		}
	}
	locks, err := filepath.Glob(filepath.Join(runs, "*.lock"))
	if err != nil || len(locks) != 2 {
		t.Errorf("locks %v, %v; want that of this command and the one that is held", locks, err)
	}
}

func TestALedgerOfBeforeARestartIsNotOurs(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.limits.MaxPerApply = money.FromInt(20)
	b.hooks.Command = "7-1"
	b.must(b.agent("A"))
	b.refuse(b.agent("B"), purchase.ReasonLimit)
	file := filepath.Join(b.journal, "runs", "7-1.json")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(string(data), fmt.Sprintf(`"host":%q`, host), `"host":"another"`, 1)
	if other == string(data) {
		t.Fatalf("the ledger does not name the machine: %s", data)
	}
	if err := os.WriteFile(file, []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	b.must(b.agent("B"))
}

func TestProcesses(t *testing.T) {
	t.Parallel()
	if !purchase.Alive(purchase.ThisProcess()) {
		t.Error("this process is not alive")
	}
	pid, _, _ := strings.Cut(purchase.ThisProcess(), "-")
	for _, other := range []string{pid + "-1", pid, "", "x-1", "999999999-1", "-1"} {
		if purchase.Alive(other) {
			t.Errorf("%q is alive", other)
		}
	}
	if parent, ok := purchase.Identify(os.Getppid()); !ok || parent == purchase.ThisProcess() || !purchase.Alive(parent) {
		t.Errorf("the parent is %q, %t", parent, ok)
	}
}
