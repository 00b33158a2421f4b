// Package providerdata is what the provider's configuration gives to every resource and data source: the API client, the purchase desk, and a place
// for what the resources of one kind share during one walk. Configure builds one Data a walk; nothing of it lives in package variables.
package providerdata

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// Settings is the provider's configuration.
type Settings struct {
	// Client is how to reach AUTX.
	Client client.Config
	// Spending are the limits of the spending block; nil means that every charge is refused.
	Spending *purchase.Limits
	// Journal is the directory of the purchase journal; "" means the default place.
	Journal string
	// Unplaced says that it is not known in this walk where the journal is or which namespace of it counts: then nothing is written to it.
	Unplaced bool
	// Unknown names the provider's arguments whose values are not known in this walk, in Terraform's spelling. Not empty only during a plan.
	Unknown []string
}

// Data serves the resources and data sources of one walk.
type Data struct {
	client  *client.Client
	desk    *Desk
	unknown []string
	told    sync.Once
	slowed  sync.Once
	shared  sync.Map

	mu      sync.Mutex
	forgets []func()
}

// New builds the data of a walk. It makes no request and touches no file. Where arguments are unknown the data can't reach AUTX and says so when it
// is asked to.
func New(settings Settings) (*Data, error) {
	d := &Data{unknown: settings.Unknown}
	account := purchase.Account{BaseURL: settings.Client.BaseURL, APIKey: settings.Client.APIKey}
	if len(settings.Unknown) == 0 {
		api, err := client.New(settings.Client)
		if err != nil {
			return nil, err
		}
		d.client = api
		account.BaseURL = api.BaseURL()
		account.Instance = api.Instance
		account.Available = func(ctx context.Context) (money.Amount, error) {
			balance, err := api.Credits.Balance(ctx)
			if err != nil {
				return money.Zero(), err
			}
			return balance.Available, nil
		}
	}
	if settings.Unplaced {
		account.APIKey = "" // an account that nobody can tell is remembered nowhere
	}
	desk := purchase.NewDesk(purchase.Config{Limits: settings.Spending, Account: account, JournalDir: settings.Journal})
	d.desk = &Desk{Desk: desk, moved: d.Moved}
	return d, nil
}

// Reachable tells whether AUTX can be called in this walk: not while the provider's own configuration waits for another resource.
func (d *Data) Reachable() bool { return d.client != nil }

// Client is the API client, or an error where the provider's configuration is not known yet. Use it where a call can't be left out.
func (d *Data) Client() (*client.Client, diag.Diagnostics) {
	if d.client != nil {
		return d.client, nil
	}
	return nil, diag.Diagnostics{diag.NewErrorDiagnostic("Provider configuration is not known yet",
		"AUTX can't be called, because the provider's "+d.unknownArguments()+" in this step: the value comes from a resource that has not been "+
			"applied yet. "+
			"Apply that resource first (for example with -target), or give the provider a value that is known, such as a variable.")}
}

// Desk is where everything is bought.
func (d *Data) Desk() *Desk { return d.desk }

// KeptWarning is the one warning of a walk that could not read AUTX, because the provider's configuration waits for another resource, and therefore
// keeps what is in state. It is empty from the second call on.
func (d *Data) KeptWarning() diag.Diagnostics {
	var diags diag.Diagnostics
	d.told.Do(func() {
		diags.AddWarning("AUTX was not read",
			"The provider's "+d.unknownArguments()+" until other resources are applied, so nothing could be refreshed: this plan shows what is in state, "+
				"and drift is seen by the next one.")
	})
	return diags
}

// longPace is how long the requests of a walk may wait for AUTX, all together, before a warning explains that: a single refusal is not worth one.
const longPace = 3 * time.Second

// PaceWarning is the one warning of a walk that AUTX slows down by refusing requests that come too fast. It is empty before that, and once it was
// given.
func (d *Data) PaceWarning() diag.Diagnostics {
	var diags diag.Diagnostics
	if d.client == nil {
		return diags
	}
	perSecond, waited := d.client.RateLimit()
	if waited < longPace {
		return diags
	}
	d.slowed.Do(func() {
		diags.AddWarning("AUTX limits how fast requests may come", fmt.Sprintf("AUTX has refused requests for coming too fast (429), so the provider "+
			"waits its turn: at the moment it makes about %.2g requests a second, and it goes faster as far as AUTX lets it. Nothing fails for that, it only "+
			"takes longer. Where you know the limit, set requests_per_second in the provider block, so that no request is refused.", perSecond))
	})
	return diags
}

// Paced adds the PaceWarning to the diagnostics of a call; defer it in every call that makes requests.
func (d *Data) Paced(diags *diag.Diagnostics) {
	if d != nil {
		diags.Append(d.PaceWarning()...)
	}
}

func (d *Data) unknownArguments() string {
	if len(d.unknown) == 1 {
		return d.unknown[0] + " is not known"
	}
	return strings.Join(d.unknown, " and ") + " are not known"
}

// Shared gives the one T of this walk, built on first use: what the resources of one kind share.
func Shared[T any](d *Data, build func() *T) *T {
	key := reflect.TypeFor[T]()
	if found, ok := d.shared.Load(key); ok {
		return found.(*T) //nolint:forcetypeassert // stored below under this very type
	}
	stored, _ := d.shared.LoadOrStore(key, build())
	return stored.(*T) //nolint:forcetypeassert // as above
}

// From reads the Data that a resource or data source gets in Configure: nil during validation, when the provider is not configured.
func From(providerData any) (*Data, diag.Diagnostics) {
	if providerData == nil {
		return nil, nil
	}
	d, ok := providerData.(*Data)
	if !ok {
		return nil, diag.Diagnostics{diag.NewErrorDiagnostic("Unexpected provider data",
			"The provider handed over data of an unexpected type. This is a bug in the provider; please report it.")}
	}
	return d, nil
}
