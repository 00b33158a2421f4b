package purchase

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// Account is whose money is spent, and where.
type Account struct {
	// BaseURL is the service's base URL. While it or the key is not known, "", the desk plans without its journal and buys nothing.
	BaseURL string
	// APIKey is the owner's key. Only a fingerprint of it is ever stored.
	APIKey string
	// Instance gives the instance that a mock server has named in its latest answer, "" for the real service. Nil is as good as "".
	Instance func() string
	// Available reads the account's available balance in US dollars. It is needed where Limits.KeepBalance is set.
	Available func(context.Context) (money.Amount, error)
}

// Config is what a desk works with.
type Config struct {
	// Limits is nil where the configuration allows no charges: every purchase is refused then, and plans say so.
	Limits *Limits
	// Account is whose money is spent.
	Account Account
	// JournalDir is the directory of the journal. "" means autx/ in the CLI's data directory, which is TF_DATA_DIR, else .terraform in the working
	// directory.
	JournalDir string

	hooks hooks
}

// hooks are what a test replaces. The zero value is the real world.
type hooks struct {
	now     func() time.Time
	sleep   func(context.Context, time.Duration) error
	command func() (processID, bool)
	process func() processID
	dead    func(processID) bool
	store   store
}

// Desk buys at most once a key, within limits. One serves one walk of the CLI. Its methods may be called concurrently.
type Desk struct {
	limits  *Limits
	account Account
	owner   string
	store   store
	journal string
	hooks   hooks
	walk    walk
	ledger  func() *budget

	journalTold atomic.Bool // that the journal can't be used at plan
	totalTold   atomic.Bool // that the plan is over max_per_apply
}

var desks atomic.Int64

// NewDesk makes a desk. It touches no file and makes no request.
func NewDesk(config Config) *Desk {
	d := &Desk{limits: config.Limits, account: config.Account, journal: config.JournalDir, hooks: config.hooks}
	d.owner = fingerprint(config.Account.APIKey)
	if d.journal == "" {
		d.journal = defaultJournalDir()
	}
	if d.hooks.now == nil {
		d.hooks.now = time.Now
	}
	if d.hooks.sleep == nil {
		d.hooks.sleep = sleep
	}
	if d.hooks.command == nil {
		d.hooks.command = command
	}
	if d.hooks.process == nil {
		d.hooks.process = thisProcess
	}
	if d.hooks.dead == nil {
		d.hooks.dead = func(id processID) bool { return !id.alive() }
	}
	if d.store = d.hooks.store; d.store == nil {
		d.store = &dirStore{root: d.journal}
	}
	number := desks.Add(1)
	d.ledger = sync.OnceValue(func() *budget { return d.newBudget(number) })
	return d
}

func (d *Desk) newBudget(number int64) *budget {
	process := d.hooks.process()
	b := &budget{
		box:     newMemoryBox(),
		spare:   newMemoryBox(),
		account: normalBase(d.account.BaseURL) + " " + d.owner,
		desk:    fmt.Sprintf("%s/%d", process, number),
		process: process,
		dead:    func(id processID) bool { return id != process && d.hooks.dead(id) },
		balance: d.account.Available,
	}
	if d.limits != nil {
		b.limits = *d.limits
	}
	if cli, ok := d.hooks.command(); ok {
		b.box = newFileBox(d.journal, cli)
	}
	return b
}

// Limits gives the limits of the configuration, nil where it allows no charges.
func (d *Desk) Limits() *Limits { return d.limits }

// identified tells whether it is known whose purchases these are.
func (d *Desk) identified() bool { return d.account.BaseURL != "" && d.account.APIKey != "" }

func (d *Desk) namespace() string {
	if d.limits == nil {
		return ""
	}
	return d.limits.Namespace
}

func (d *Desk) slot(kind Kind, key string) string {
	return slot(d.account.BaseURL, d.namespace(), kind, key)
}

func (d *Desk) recordName(kind Kind, key string) string { return d.slot(kind, key) + "." + d.owner }

func (d *Desk) instance() string {
	if d.account.Instance == nil {
		return ""
	}
	return d.account.Instance()
}

var thisProcess = sync.OnceValue(func() processID {
	id, ok := identify(os.Getpid())
	if !ok {
		return processID(fmt.Sprintf("%d-0", os.Getpid()))
	}
	return id
})

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
