package purchase_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// doubting is the conversation as a purchase that doubts each refusal.
func (c *conversation) doubting() purchase.Purchase {
	p := c.purchase()
	p.Doubts = func(err error) bool { return errors.As(err, new(*failure)) }
	return p
}

// nothingBefore is a look at the time before that shows nothing, as it is from before whatever the test has made.
func nothingBefore(context.Context) (json.RawMessage, error) { return json.RawMessage("[]"), nil }

// doubted buys what the service is to refuse, while something appears that Find shows, and gives its id.
func (b *buyer) doubted(p purchase.Purchase) (result purchase.Result, appeared string) {
	b.t.Helper()
	b.service.script = []fate{refused}
	b.service.during = func() { appeared = b.service.add(b.apiKey, purchase.Session, "seller") }
	result, err, _ := b.buy(p)
	b.service.during = nil
	if !errors.As(err, new(*failure)) || result.ID != "" {
		b.t.Fatalf("result %+v, %v; want the service's own error", result, err)
	}
	return result, appeared
}

func idsOf(matches []purchase.Match) string {
	ids := make([]string, len(matches))
	for i, m := range matches {
		ids[i] = m.ID
	}
	return strings.Join(ids, " ")
}

func TestADoubtedRefusalShowsWhatNothingExplains(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.must(newConversation(b, "other").purchase())
	for name, change := range map[string]func(p *purchase.Purchase){
		"not doubted":   func(p *purchase.Purchase) { p.Doubts = func(error) bool { return false } },
		"nobody doubts": func(p *purchase.Purchase) { p.Doubts = nil },
		"no list":       func(*purchase.Purchase) { b.service.findErrs = 1 },
		"no look":       func(p *purchase.Purchase) { p.Find = nil },
	} {
		p := newConversation(b, "k").doubting()
		p.Snapshot = nothingBefore
		change(&p)
		if result, _ := b.doubted(p); result.Unexplained != nil || result.Rivals != nil {
			t.Errorf("%s: %+v", name, result)
		}
	}
	_, before, _ := b.service.counts()
	result, appeared := b.doubted(newConversation(b, "last").doubting())
	if _, finds, _ := b.service.counts(); idsOf(result.Unexplained) != appeared || result.Rivals != nil || finds != before+1 {
		t.Errorf("%+v after %d looks; want %s after one", result, finds-before, appeared)
	}
	b.wantState(purchase.Session, "last", "none")
	all := newConversation(b, "all").doubting()
	all.Snapshot = nothingBefore
	if result, _ := b.doubted(all); idsOf(result.Unexplained) != "id-2 id-3 id-4 id-5 id-6 id-7" {
		t.Errorf("%+v; want all but id-1, which the journal knows", result)
	}
}

func TestADoubtedRefusalWaitsForWhoeverIsOnTheWay(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	first, reached, proceed := newConversation(b, "first"), make(chan struct{}), make(chan struct{})
	first.at["opened"] = func() { close(reached); <-proceed }
	done := make(chan purchase.Result)
	d, p := b.desk(), first.purchase()
	go func() {
		result, err, _ := buyAt(t.Context(), d, p)
		if err != nil {
			t.Error(err)
		}
		done <- result
	}()
	<-reached
	second := newConversation(b, "second").doubting()
	second.Snapshot = nothingBefore
	b.service.mu.Lock()
	b.service.script = []fate{refused}
	b.service.mu.Unlock()
	var locks atomic.Int64
	var once sync.Once
	letGo := func() { once.Do(func() { close(proceed) }) }
	b.hooks.OnLock = func(string) {
		if locks.Add(1) == 2 { // the first is its own key
			letGo()
		}
	}
	result, err, _ := b.buy(second)
	if !errors.As(err, new(*failure)) || result.Unexplained != nil || locks.Load() < 2 {
		t.Errorf("result %+v, %v after %d locks; want nothing of the first, which has to be waited for", result, err, locks.Load())
	}
	letGo()
	if first := <-done; first.ID != "id-1" {
		t.Errorf("the first is %+v", first)
	}
}

func TestDoubtedRefusalsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	var locks atomic.Int64
	b.hooks.OnLock = func(string) { locks.Add(1) }
	stranger := b.service.add(b.apiKey, purchase.Session, "seller")
	b.service.script = []fate{refused, refused}
	var looking, all sync.WaitGroup
	looking.Add(2)
	for _, key := range []string{"one", "two"} {
		p := newConversation(b, key).doubting()
		p.Snapshot = nothingBefore
		find := p.Find
		p.Find = func(ctx context.Context, snapshot json.RawMessage) ([]purchase.Match, error) {
			looking.Done()
			looking.Wait() // both were refused
			return find(ctx, snapshot)
		}
		d := b.desk()
		all.Go(func() {
			result, err, _ := buyAt(t.Context(), d, p)
			if !errors.As(err, new(*failure)) || idsOf(result.Unexplained) != stranger || result.Rivals != nil {
				t.Errorf("%s: %+v, %v; want %s", key, result, err, stranger)
			}
		})
	}
	all.Wait()
	if locks.Load() != 2 {
		t.Errorf("%d locks were taken; want those of their own keys", locks.Load())
	}
}

func TestWhatIsLeftAloneIsNotTakenOver(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	p := newConversation(b, "k").doubting()
	b.service.script = []fate{lostBefore}
	b.refuse(p, purchase.ReasonAbsent)
	var left []string
	for range 2 {
		result, appeared := b.doubted(p)
		if left = append(left, appeared); idsOf(result.Unexplained) != appeared || result.Rivals != nil {
			t.Errorf("%+v; want %s, which was not named before", result, appeared)
		}
		if view := b.wantState(purchase.Session, "k", "unknown"); view.LeftAlone != strings.Join(left, " ") || view.Snapshot != "[]" || view.Attempts != 1 {
			t.Errorf("the journal has %+v; want %v beside the attempt that was lost", view, left)
		}
	}
	b.service.script = []fate{lostBefore}
	b.refuse(p, purchase.ReasonAbsent) // it is not what was left alone
	b.service.script = []fate{lostAfter}
	if result := b.must(p); result.ID != "id-3" || result.Adopted {
		t.Errorf("result = %+v; want id-3, which is new", result)
	}
}

func TestWhatMayBeTakenOverIsNotCalledLeftAlone(t *testing.T) {
	t.Parallel()
	for _, lost := range []bool{true, false} { // whether there is an earlier attempt, whose intent stays
		b := newBuyer(t)
		p := newConversation(b, "k").doubting()
		if lost {
			b.service.script = []fate{lostBefore}
			b.refuse(p, purchase.ReasonAbsent)
		}
		b.hooks.FailWrites = func(data string) error {
			if data == "" || strings.Contains(data, "left_alone") { // the intent can't be removed, or not be changed
				return errScripted
			}
			return nil
		}
		if result, _ := b.doubted(p); result.Unexplained != nil {
			t.Errorf("%+v; want nothing, as the next attempt may take it over", result)
		}
	}
}

func TestRivalsOfWhatIsLeftAlone(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	lost := newConversation(b, "lost").purchase()
	b.service.script = []fate{lostBefore}
	b.refuse(lost, purchase.ReasonAbsent)
	result, appeared := b.doubted(newConversation(b, "k").doubting())
	if idsOf(result.Unexplained) != appeared || len(result.Rivals) != 1 || result.Rivals[0] != "session lost" {
		t.Errorf("%+v; want %s, and that it may be the lost one", result, appeared)
	}
	if result := b.must(lost); result.ID != appeared || !result.Adopted {
		t.Errorf("%+v; want %s taken over", result, appeared)
	}
}
