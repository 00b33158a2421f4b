package proxy

import (
	"fmt"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/bound"
)

// answers notices a plan that makes a request anew under its own key, as taint, -replace and a resource that was renamed do. Under the key nothing is
// asked again, so all that such a plan does is to lose the answer. The two halves of it, the state and the create, come in any order.
type answers struct {
	mu      sync.Mutex
	stored  map[string]string // ids, by key, of requests of the state that have an answer
	created map[string]bool   // keys under which a plan asks
	told    map[string]bool   // keys of which the plan was told
}

// note notes a request of the state. A read must not fail for what a plan tells.
func (a *answers) note(state resourceModel) {
	key := state.IdempotencyKey.ValueString()
	if key == "" || state.StatusCode.IsNull() {
		return // there is no answer to lose
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stored == nil {
		a.stored = map[string]string{}
	}
	a.stored[key] = state.ID.ValueString()
}

// plan notes a request of the state with which a plan goes on, or which it destroys.
func (a *answers) plan(state resourceModel) diag.Diagnostics {
	a.note(state)
	return a.lost(state.IdempotencyKey.ValueString())
}

// create notes a key under which a plan wants to ask.
func (a *answers) create(key string) diag.Diagnostics {
	if key == "" {
		return nil
	}
	a.mu.Lock()
	if a.created == nil {
		a.created = map[string]bool{}
	}
	a.created[key] = true
	a.mu.Unlock()
	return a.lost(key)
}

// lost tells, once for a key, that a plan would lose the answer.
func (a *answers) lost(key string) diag.Diagnostics {
	a.mu.Lock()
	defer a.mu.Unlock()
	id := a.stored[key]
	if id == "" || !a.created[key] || a.told[key] {
		return nil
	}
	if a.told == nil {
		a.told = map[string]bool{}
	}
	a.told[key] = true
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("idempotency_key"), "Answer would be lost", fmt.Sprintf("This plan makes the "+
		"proxy request %q anew under the same key, while the state has its answer (id %s). Under a key an agent is asked once: applied, it would "+
		"ask nothing and lose the answer, as AUTX keeps none. Instead of that:\n\n"+
		"  - to ask again: change idempotency_key, which authorises it\n"+
		"  - if it is tainted: terraform untaint autx_proxy_request.NAME (tofu untaint with OpenTofu)\n"+
		"  - if it was renamed: a moved block, from the old address to the new one\n"+
		"  - if two resources have the key: one of its own for each."+bound.PastTheError, key, id))}
}
